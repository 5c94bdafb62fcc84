id = "grafana"
name = "grafana"
type = "csi"
plugin_id = "ceph-csi"
capacity_max = "10G"
capacity_min = "5G"

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "block-device"
}

secrets {
  userID  = "admin"
  userKey = "AQAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAA=="
}

parameters {
  clusterID     = "7c2f4a9e-13bb-4d52-9d3e-2f0c8a6d5b10"
  pool          = "rbd"
  imageFeatures = "layering"
  mkfsOptions   = "-t ext4"
}
