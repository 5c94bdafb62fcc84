import { PannierCommand } from '../../src/cli/command.js';
import { outputFlags } from '../../src/cli/flags.js';
import { inputFlags } from '../../src/cli/inputs.js';
import { secretsFlags } from '../../src/cli/secrets.js';
import { givenSpecs, specArgument } from '../../src/cli/specs.js';
import {
  nomadGets,
  planFlags,
  registrationFlags,
  registrationOf,
  WAY_RULE,
  wayFlags,
  wayOf,
} from '../../src/cli/way.js';

export default class VolumeCreate extends PannierCommand {
  static override summary = 'Create a volume from a specification';
  static override description =
    `Creates the volume that a specification describes. Its name makes the call repeatable: the same specification again answers the same volume, and another one under that name is refused.\n\nA file may hold several volumes in \`volume "label" { … }\` blocks. They are created in order; the first failure ends it, and says what was created. With -json or -t they are a list.\n\nWith snapshot_id or clone_id in the specification it begins with the content of a snapshot or of another volume; \`pannier snapshot restore\` and \`pannier volume clone\` do that without a specification.\n\nThrough Nomad the plugin makes the volume and Nomad knows it then; one that Nomad knows already is changed to what the specification says, as far as it can change: \`pannier volume plan\` tells. Straight to a controller, Nomad is told of the volume afterwards where -address or NOMAD_ADDR says where it is, or -register asks for it.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier volume create volume.hcl',
    'pannier volume create -json - < volume.json',
    'pannier volume create -endpoint=unix:///csi/csi.sock -register volume.hcl',
    "pannier volume create -t '{{.ExternalID}}' volume.hcl",
  ];
  static override args = { spec: specArgument };
  static override flags = {
    ...wayFlags,
    ...registrationFlags,
    ...planFlags,
    ...outputFlags,
    ...secretsFlags,
    ...inputFlags,
  };
  protected override readonly doing = 'creating volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeCreate);
    const way = wayOf(flags);
    const use = { verb: 'create', nomad: nomadGets(way, flags) } as const;
    const { specs, inBlocks } = await givenSpecs(this, args.spec, flags, use);
    if (flags.plan) {
      const { showPlans } = await import('../../src/cli/plan/show.js');
      return await showPlans(this, way, flags, specs);
    }
    if (way.through === 'nomad') {
      const { createThroughNomad } = await import('../../src/cli/nomad/volume-create.js');
      return await createThroughNomad(this, flags, { specs, inBlocks });
    }
    const { createStraight } = await import('../../src/cli/straight/volume-create.js');
    const { openNomad } = await import('../../src/cli/nomad/open.js');
    using nomad = registrationOf(flags) ? openNomad(flags) : undefined;
    await createStraight(this, way.endpoint, { specs, inBlocks }, nomad);
  }
}
