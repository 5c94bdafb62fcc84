import { writeFile } from 'node:fs/promises';
import { PannierCommand } from '../../src/cli/command.js';
import { CommandError, EXIT } from '../../src/cli/errors.js';
import { argument, toggle } from '../../src/cli/flags.js';
import { EXAMPLE_FILE, exampleSpec } from '../../src/spec/template.js';

export default class VolumeInit extends PannierCommand {
  static override summary = 'Write an example volume specification';
  static override description =
    'Writes an example volume specification with every part explained, to volume.hcl unless told otherwise. A file that exists is left alone.';
  static override examples = ['pannier volume init', 'pannier volume init -json volume.json'];
  static override args = {
    file: argument({ description: 'Where to write it; volume.hcl, or volume.json with -json.' }),
  };
  static override flags = { json: toggle({ description: 'Write the example as JSON.' }) };
  protected override readonly doing = 'writing the example';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeInit);
    const format = flags.json ? 'json' : 'hcl';
    const file = args.file ?? EXAMPLE_FILE[format];
    await writeFile(file, exampleSpec(format), { flag: 'wx' }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
        throw new CommandError(`"${file}" exists already`, {
          code: 'EEXIST',
          remedy: 'Remove it, or name another file.',
          exitCode: EXIT.usage,
        });
      },
    );
    process.stdout.write(`Example volume specification written to ${file}\n`);
  }
}
