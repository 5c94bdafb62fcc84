import { PannierCommand } from '../../src/cli/command.js';
import { outputFlags } from '../../src/cli/flags.js';
import { specArgument, usableSpecs } from '../../src/cli/specs.js';

export default class VolumeValidate extends PannierCommand {
  static override summary = 'Check a volume specification';
  static override description =
    'Reads a volume specification and reports every mistake in it, with its file, line and column. Nothing is sent to a plugin.\n\nThe exit code is 0 where the specification can be used and 2 where it cannot. With -json the mistakes are in the details of the error.';
  static override examples = [
    'pannier volume validate volume.hcl',
    'cat volume.hcl | pannier volume validate -',
  ];
  static override args = { spec: specArgument };
  static override flags = { ...outputFlags };
  protected override readonly doing = 'validating the specification';

  async run(): Promise<void> {
    const { args } = await this.input(VolumeValidate);
    const { specs, warnings, diagnostics } = await usableSpecs(args.spec);
    if (warnings !== undefined) this.notice(warnings);
    await this.data(
      {
        valid: true,
        volumes: specs.map(({ id, name }) => ({ id, name })),
        warnings: diagnostics,
      },
      () => specs.map(({ name }) => `The specification of volume "${name}" is valid`).join('\n'),
    );
  }
}
