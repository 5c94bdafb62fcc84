# The volume of the demonstration, as `nomad volume create` reads it too.
id        = "basket"
name      = "basket"
type      = "csi"
plugin_id = "csi.pannier.rbd"

capacity_min = "1GiB"
capacity_max = "4GiB"

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}

mount_options {
  # xfs, since it also grows while mounted where root lacks CAP_SYS_RESOURCE, which ext4 asks for.
  fs_type     = "xfs"
  mount_flags = ["noatime"]
}
