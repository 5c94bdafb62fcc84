id          = "orders-copy"
name        = "orders-copy"
type        = "csi"
plugin_id   = "ceph-rbd"
snapshot_id = "ceph/rbd/pannier-orders@before-upgrade" // or clone_id, never both

/*
 * As large as the source: an empty size would do too.
 */
capacity_min = "107374182400"
capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}
