import { PannierCommand } from '../../src/cli/command.js';
import { outputFlags } from '../../src/cli/flags.js';
import { inputFlags } from '../../src/cli/inputs.js';
import { secretsFlags } from '../../src/cli/secrets.js';
import { givenSpecs, specArgument } from '../../src/cli/specs.js';
import { nomadGets, registrationFlags, WAY_RULE, wayFlags, wayOf } from '../../src/cli/way.js';

export default class VolumePlan extends PannierCommand {
  static override summary = 'Show what a specification would change, and by which requests';
  static override description =
    `For each volume of a file, shows what is there of it, in Nomad and at the plugin, in what that differs from the specification, which of it can never change, and what \`volume apply\` would send: the very JSON for Nomad, and the CSI requests to the plugin, also those that Nomad sends, with secrets left out. Nothing is changed.\n\nSecrets, and mount flags, are kept by Nomad to itself: where the specification has some, they would be sent again.\n\nThe exit code is 1 where a volume cannot become what the specification says.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier volume plan volume.hcl',
    'pannier volume plan -t \'{{range .}}{{.action}} {{.id}}{{"\\n"}}{{end}}\' volumes.hcl',
  ];
  static override args = { spec: specArgument };
  static override flags = {
    ...wayFlags,
    ...registrationFlags,
    ...outputFlags,
    ...secretsFlags,
    ...inputFlags,
  };
  protected override readonly doing = 'planning the volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumePlan);
    const way = wayOf(flags);
    const use = { nomad: nomadGets(way, flags) };
    const { specs } = await givenSpecs(this, args.spec, flags, use);
    const { showPlans } = await import('../../src/cli/plan/show.js');
    await showPlans(this, way, flags, specs);
  }
}
