Type      = "csi"
ID        = "wide"
name      = "wide"
PLUGIN_ID = "ceph-rbd"
namespace = "prod"

capacity_min = "1,024MB"
capacity_max = "1.5 tib"

capability { access_mode = "single-node-reader-only" attachment_mode = "file-system" }
capability { access_mode = "single-node-writer" attachment_mode = "file-system" }
capability { access_mode = "multi-node-reader-only" attachment_mode = "file-system" }
capability = { access_mode = "multi-node-multi-writer", attachment_mode = "block-device" }

mount_options = {
  fs_type     = "btrfs"
  mount_flags = ["compress=zstd"]
  mount_flags = ["ro"]
}

parameters = { pool = "fast" }
parameters = [{ dataPool = "fast-ec" }, {}]

region    = "eu"
per_alloc = true
