# What many read: catalog-load writes it, alone, and catalog reads it on any number of machines.
type      = "csi"
id        = "catalog"
name      = "catalog"
plugin_id = "pannier"

capacity_min = "1GiB"

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}

capability {
  access_mode     = "multi-node-reader-only"
  attachment_mode = "file-system"
}

mount_options {
  fs_type = "xfs"
}
