# One volume for each of three allocations of a job with per_alloc, in HCL 2, which Pannier reads:
#
#   pannier volume create shards.volume.hcl
volume "shard" {
  count = 3

  type      = "csi"
  id        = "shard[${count.index}]"
  name      = "shard-${count.index}"
  plugin_id = "pannier"

  capacity_min = "1GiB"

  capability {
    access_mode     = "single-node-writer"
    attachment_mode = "file-system"
  }

  mount_options {
    fs_type = "ext4"
  }
}
