type = "csi"
id = "tabs"
name = "tabs"
plugin_id = "ceph-rbd"

capability {
	access_mode	= "single-node-writer"
	attachment_mode	= "file-system"
}

mount_options {
	fs_type = "ext4"
	mount_flags = [
		"noatime",
		"barrier=1",
	]
}