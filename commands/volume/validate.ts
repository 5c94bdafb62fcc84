import { PannierCommand } from '../../src/cli/command.js';
import { EXIT } from '../../src/cli/errors.js';
import { argumentList, outputFlags } from '../../src/cli/flags.js';
import { inputFlags, inputsOf } from '../../src/cli/inputs.js';
import { mistakes, rendered } from '../../src/cli/mistakes.js';
import { validateSpecs } from '../../src/cli/validation.js';

export default class VolumeValidate extends PannierCommand {
  static override summary = 'Check volume specifications';
  static override description =
    'Reads volume specifications and reports every mistake in them, with its file, line and column, and what their volumes have in common and should not: an id, a name, an external_id. Nothing is sent and nothing is asked: what a specification names in Nomad, Vault or Consul counts as given.\n\nThe exit code is 0 where all specifications can be used and 2 where one cannot.\n\nWith -json or -t the mistakes are data, for editors, and the exit code is the same: valid, errorCount, warningCount, volumes, and diagnostics, each with its severity, summary, detail, perhaps a guess, and its range: filename, start and end, each with line and column (from 1, in characters), offset (from 0, in UTF-16 units) and byte (from 0, in UTF-8).';
  static override examples = [
    'pannier volume validate volume.hcl',
    'pannier volume validate -json volumes/*.hcl',
    'cat volume.hcl | pannier volume validate -',
  ];
  static override args = {
    spec: argumentList({
      description: 'Files of volume specifications, HCL or JSON, or - for standard input.',
      required: true,
    }),
  };
  static override flags = { ...outputFlags, ...inputFlags };
  protected override readonly doing = 'validating the specification';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeValidate);
    const { validation, told } = await validateSpecs(args.spec ?? [], inputsOf(flags));
    if (this.forPeople && !validation.valid)
      throw mistakes('the specification cannot be used', told);
    const warnings = rendered(told);
    if (warnings !== undefined) this.notice(warnings);
    await this.data(validation, () =>
      validation.volumes
        .map(({ name, id }) => `The specification of volume "${name || id}" is valid`)
        .join('\n'),
    );
    if (!validation.valid) process.exitCode = EXIT.usage;
  }
}
