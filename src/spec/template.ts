/** The file that each form of the example is written to, as `nomad volume init` has it. */
export const EXAMPLE_FILE = { hcl: 'volume.hcl', json: 'volume.json' } as const;

const HCL = `# A volume for Pannier, in the form that \`nomad volume create\` reads too.

# The volume's ID in Nomad: what a job names as its source.
id = "data"

# The CSI name. Asking again for the same name, size and parameters answers the same volume.
name = "data"

type      = "csi"
plugin_id = "pannier"

# Where Nomad keeps the volume. NOMAD_NAMESPACE counts where this is absent.
# namespace = "default"

# The size, exact to the byte: "10GiB" is 10 x 2^30, "10GB" is 10 x 10^9. A larger capacity_min later grows
# the volume. Nothing over capacity_max is made.
capacity_min = "1GiB"
# capacity_max = "10GiB"

# What it begins with, instead of nothing: a snapshot that "pannier snapshot list" shows. clone_id, in its place,
# names a volume. The size is that of the source or larger.
# snapshot_id = "ceph/rbd/pannier-data-hjxla6iphgwipskphbll@before-abcdefghijklmnopqrst-abcdef"

# At least one; each is a way in which the volume may be used.
#
# access_mode: single-node-writer, single-node-reader-only, multi-node-reader-only, and for block devices
# multi-node-single-writer and multi-node-multi-writer.
# attachment_mode: file-system or block-device.
capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}

# For file systems: ext4, xfs or btrfs. An empty volume is formatted when it is first mounted; one that holds
# anything never is.
mount_options {
  fs_type = "ext4"
  # mount_flags = ["noatime"]
}

# Where and how the image is kept. All are optional, and belong to the volume from its creation on.
# parameters {
#   # A cluster of the plugin's configuration; the default one where absent.
#   cluster = "ceph"
#
#   # An RBD pool, and a namespace in it (rbd namespace create).
#   pool      = "rbd"
#   namespace = "team-a"
#
#   # A pool for the data itself, which may be erasure-coded.
#   dataPool = "rbd-data"
#
#   # layering, exclusive-lock, object-map, fast-diff, deep-flatten, journaling.
#   imageFeatures = "layering,exclusive-lock"
#
#   # A power of two from 4 KiB to 32 MiB, and how data is striped over such objects.
#   objectSize  = "4MiB"
#   stripeUnit  = "1MiB"
#   stripeCount = "4"
#
#   # What the image's name begins with.
#   namePrefix = "pannier-"
# }

# The plugin has its own Ceph user; these are used instead of it. Nomad keeps them in its state in the clear.
# secrets {
#   userID  = "team-a"
#   userKey = "..."
# }
`;

const JSON_TEXT = `${JSON.stringify(
  {
    id: 'data',
    name: 'data',
    type: 'csi',
    plugin_id: 'pannier',
    capacity_min: '1GiB',
    capability: [{ access_mode: 'single-node-writer', attachment_mode: 'file-system' }],
    mount_options: [{ fs_type: 'ext4', mount_flags: ['noatime'] }],
    parameters: { imageFeatures: 'layering,exclusive-lock' },
  },
  undefined,
  2,
)}\n`;

/** A specification that is valid as it is; in HCL with everything else that can be said as comments. */
export function exampleSpec(format: 'hcl' | 'json'): string {
  return format === 'json' ? JSON_TEXT : HCL;
}
