type        = "csi"
id          = "archive"
name        = "archive"
plugin_id   = "ceph-rbd"
external_id = "ceph/rbd/archive-2019"

capability {
  access_mode     = "multi-node-reader-only"
  attachment_mode = "file-system"
}

mount_options {
  fs_type = "xfs"
}

context {
  staticVolume  = "true"
  imageFeatures = "layering"
  pool          = "rbd"
}
