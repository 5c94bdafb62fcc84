type = "csi"
id = "old"
name = "old"
external_id = "0001-0024-b9127830-b0cc-4e34-aa47-9d1a2e9949a8-0000000000000002-3d7c9b1a"
access_mode = "single-node-writer"
attachment_mode = "file-system"
plugin_id = "ceph-csi"
capability {
  access_mode = "single-node-writer"
  attachment_mode = "file-system"
}
mount_options {
   fs_type = "ext4"
}
parameters = {}
context = {}
secrets = {}
