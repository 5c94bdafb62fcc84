type      = "csi"
id        = "plain"
name      = "plain"
plugin_id = "ceph-rbd"
capability {
  access_mode     = "multi-node-single-writer"
  attachment_mode = "block-device"
}
mount_options {}
topology_request {}
secrets {}
parameters {}
context {}
