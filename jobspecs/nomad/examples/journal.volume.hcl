# A raw block device, for one writer: there is no file system, and nothing is ever formatted.
type      = "csi"
id        = "journal"
name      = "journal"
plugin_id = "pannier"

capacity_min = "1GiB"

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "block-device"
}
