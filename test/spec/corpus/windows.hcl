type = "csi"
id = "windows"
name = "windows" # from a laptop
plugin_id = "ceph-rbd"
capacity_min = "1GiB"


capability {
  access_mode = "single-node-writer"
  attachment_mode = "file-system"
}
