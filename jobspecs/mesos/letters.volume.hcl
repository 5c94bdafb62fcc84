# A volume that tasks name themselves: `pannier volume create jobspecs/mesos/letters.volume.hcl`. Its ID is what the
# example tasks have: ceph/rbd/pannier-letters-…

id           = "letters"
name         = "letters"
type         = "csi"
plugin_id    = "pannier"
capacity_min = "64MiB"

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}
