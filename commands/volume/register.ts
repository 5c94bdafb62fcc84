import { PannierCommand } from '../../src/cli/command.js';
import { outputFlags } from '../../src/cli/flags.js';
import { inputFlags } from '../../src/cli/inputs.js';
import { nomadFlags } from '../../src/cli/nomad/flags.js';
import { registerInNomad } from '../../src/cli/nomad/volume-create.js';
import { secretsFlags } from '../../src/cli/secrets.js';
import { givenSpecs, specArgument } from '../../src/cli/specs.js';
import { nomadWayOf, planFlags } from '../../src/cli/way.js';

export default class VolumeRegister extends PannierCommand {
  static override summary = 'Make Nomad know a volume that is there';
  static override description =
    'Tells Nomad of the volume that a specification describes and whose external_id, the plugin\'s ID of it, is in the specification. Nomad asks the plugin whether it is there and can be used so. A volume that Nomad knows already is changed to what the specification says, as far as it can change; a larger capacity_min grows it.\n\nA file may hold several volumes in `volume "label" { … }` blocks. They are registered in order; the first failure ends it, and says what was registered.';
  static override examples = ['pannier volume register volume.hcl'];
  static override args = { spec: specArgument };
  static override flags = {
    ...nomadFlags,
    ...planFlags,
    ...outputFlags,
    ...secretsFlags,
    ...inputFlags,
  };
  protected override readonly doing = 'registering volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeRegister);
    const use = { verb: 'register' } as const;
    const { specs, inBlocks } = await givenSpecs(this, args.spec, flags, use);
    if (flags.plan) {
      const { showPlans } = await import('../../src/cli/plan/show.js');
      return await showPlans(this, nomadWayOf(flags), flags, specs, true);
    }
    await registerInNomad(this, flags, { specs, inBlocks });
  }
}
