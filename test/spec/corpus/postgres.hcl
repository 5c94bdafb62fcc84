# The database of the shop. Grown twice already; see the runbook.
id           = "postgres"
name         = "postgres"
type         = "csi"
plugin_id    = "ceph-rbd"
namespace    = "shop"
capacity_min = "50GiB"
capacity_max = "100GiB"

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}

mount_options {
  fs_type     = "ext4"
  mount_flags = ["noatime", "nodiratime", "discard"]
}

secrets {
  userID  = "nomad"
  userKey = "AQBh4GJn8Yq0LhAAc0vQ0v1g6mE1m0tS0o4s1w=="
}

parameters {
  pool          = "nomad"
  imageFeatures = "layering,exclusive-lock,object-map,fast-diff"
}
