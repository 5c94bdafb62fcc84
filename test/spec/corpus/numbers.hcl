id           = 42
name         = "answer"
type         = "CSI"
plugin_id    = "ceph-rbd"
capacity_min = 1073741824
capacity_max = 2147483648

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "block-device"
}

parameters {
  mode       = 0750
  thin       = true
  thick      = false
  stripeUnit = 65536
  ratio      = 1.50
  "quoted"   = 0x1F
}

context {
  tries = 3
}
