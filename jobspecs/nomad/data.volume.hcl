# A volume of 1 GiB with an xfs file system, which one node at a time mounts.
#
#   pannier volume create jobspecs/nomad/data.volume.hcl
#   nomad volume create jobspecs/nomad/data.volume.hcl
type      = "csi"
id        = "data"
name      = "data"
plugin_id = "pannier"

capacity_min = "1GiB"

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}

mount_options {
  fs_type     = "xfs"
  mount_flags = ["noatime"]
}
