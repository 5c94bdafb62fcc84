import { buffer } from 'node:stream/consumers';
import { PannierCommand } from '../src/cli/command.js';
import { EXIT, UsageError } from '../src/cli/errors.js';
import { argumentList, outputFlags, toggle } from '../src/cli/flags.js';
import { type FormattedFile, filesToFormat, formatFile } from '../src/cli/formatting.js';
import { mistakes } from '../src/cli/mistakes.js';
import { formatText } from '../src/spec/format/text.js';

export default class Fmt extends PannierCommand {
  static override summary = 'Lay out specifications and configurations in one way';
  static override description =
    'Rewrites HCL files, 1 or 2, in the layout of `nomad fmt`: two blanks an indent, equals signs and comments of neighbouring lines aligned, one blank line at most. Only blanks change; comments and heredocs stay as they are.\n\nOf a folder the files that end in .hcl and .nomad are taken; without any path, those of the current folder. The names of files whose layout was another one are printed. What cannot be read, and JSON, is left alone and reported.\n\nThe exit code is 2 where a file could not be read, and with -check 1 where a file would change.';
  static override examples = [
    'pannier fmt',
    'pannier fmt -check -recursive volumes/',
    'pannier fmt - < volume.hcl',
  ];
  static override args = {
    path: argumentList({ description: 'Files and folders, or - for standard input.' }),
  };
  static override flags = {
    check: toggle({ description: 'Change nothing, and fail where a file would change.' }),
    list: toggle({ on: true, description: 'Print the names of files that change.' }),
    recursive: toggle({ description: 'Take the folders in a folder too.' }),
    write: toggle({
      on: true,
      description: 'Change the files. With neither this nor -list the result is printed.',
    }),
    ...outputFlags,
  };
  protected override readonly doing = 'formatting';

  async run(): Promise<void> {
    const { args, flags } = await this.input(Fmt);
    const paths = args.path ?? ['.'];
    if (paths.includes('-')) {
      if (paths.length > 1) throw new UsageError('- stands for standard input, and alone');
      return this.#formatInput(flags.check);
    }
    const files: FormattedFile[] = [];
    for (const file of await filesToFormat(paths, flags.recursive))
      files.push(await formatFile(file, flags.write && !flags.check));
    await this.#finish(files, flags.check, () => {
      if (flags.list) return namesOf(files.filter(({ changed }) => changed));
      return flags.write || flags.check ? '' : files.map(({ text = '' }) => text).join('');
    });
  }

  async #formatInput(check: boolean): Promise<void> {
    const before = await buffer(process.stdin);
    const formatted = formatText(before, '<stdin>');
    const { text } = formatted;
    const changed = text !== undefined && text !== before.toString();
    const file = { ...formatted, file: '<stdin>', changed };
    await this.#finish([file], check, () => (check ? '' : (text ?? '')));
  }

  async #finish(
    files: readonly FormattedFile[],
    check: boolean,
    text: () => string,
  ): Promise<void> {
    const unread = files.filter((file) => file.text === undefined);
    if (unread.length === 0 || this.forPeople)
      await this.data(
        files.map(({ file, changed }) => ({ file, changed })),
        text,
      );
    if (unread.length > 0) throw mistakes('what cannot be read is left as it is', unread);
    if (check && files.some(({ changed }) => changed)) process.exitCode = EXIT.failed;
  }
}

function namesOf(files: readonly FormattedFile[]): string {
  return files.map(({ file }) => file).join('\n');
}
