# What a database keeps: one job writes, on one machine at a time.
type      = "csi"
id        = "database"
name      = "database"
plugin_id = "pannier"

capacity_min = "1GiB"

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}

mount_options {
  fs_type = "ext4"
}
