id        = "kafka[0]"
name      = "kafka-0"
type      = "csi"
plugin_id = "ceph-rbd"

capacity_min = "200 GiB"

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}

mount_options { fs_type = "xfs" }
