import { PannierCommand } from '../../src/cli/command.js';
import { outputFlags } from '../../src/cli/flags.js';
import { inputFlags } from '../../src/cli/inputs.js';
import { secretsFlags } from '../../src/cli/secrets.js';
import { givenSpecs, specArgument } from '../../src/cli/specs.js';
import { nomadGets, registrationFlags, WAY_RULE, wayFlags, wayOf } from '../../src/cli/way.js';

export default class VolumeApply extends PannierCommand {
  static override summary = 'Make volumes be what a specification says';
  static override description =
    `Does for each volume of a file what \`volume plan\` shows: creates or registers what is not there, grows and changes what differs, and leaves alone what is as it should be. It can be repeated. Nothing is ever deleted, and a volume that the file does not name is not touched.\n\nWhere one of the volumes cannot become what the specification says, nothing is done for any. Volumes are done in order; the first failure ends it, and says for which it was done and for which it was not.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier volume apply volumes.hcl',
    'pannier volume apply -endpoint=unix:///csi/csi.sock -register volume.hcl',
  ];
  static override args = { spec: specArgument };
  static override flags = {
    ...wayFlags,
    ...registrationFlags,
    ...outputFlags,
    ...secretsFlags,
    ...inputFlags,
  };
  protected override readonly doing = 'applying the specification';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeApply);
    const way = wayOf(flags);
    const use = { nomad: nomadGets(way, flags) };
    const { specs } = await givenSpecs(this, args.spec, flags, use);
    const { applySpecs } = await import('../../src/cli/plan/apply-all.js');
    await applySpecs(this, way, flags, specs);
  }
}
