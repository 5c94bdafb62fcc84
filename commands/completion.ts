import { PannierCommand } from '../src/cli/command.js';
import { completionScript, SHELLS } from '../src/cli/completion/shells.js';
import { thisProgram } from '../src/cli/dev.js';
import { UsageError } from '../src/cli/errors.js';
import { argument } from '../src/cli/flags.js';

export default class Completion extends PannierCommand {
  static override summary = 'Print what makes a shell complete command lines';
  static override description =
    'Prints a script for bash, zsh or fish, to be read when the shell starts or put where it keeps completions. `pannier -autocomplete-install` puts it into the files of your own shells, and `pannier -autocomplete-uninstall` takes it away again.\n\nCommands, flags and their values are completed, and the IDs of volumes, snapshots, plugins, nodes and namespaces that there are: they are asked for where the command itself would ask, for at most a second, or as many as PANNIER_COMPLETION_SECONDS says.';
  static override examples = [
    'pannier completion bash > /etc/bash_completion.d/pannier',
    'source <(pannier completion zsh)',
    'pannier completion fish > ~/.config/fish/completions/pannier.fish',
  ];
  static override args = {
    shell: argument({ description: 'bash, zsh or fish.', required: true }),
  };
  protected override readonly doing = 'printing completion';

  async run(): Promise<void> {
    const { args } = await this.input(Completion);
    const shell = SHELLS.find((one) => one === args.shell);
    if (shell === undefined)
      throw new UsageError(`"${args.shell}" is none of ${SHELLS.join(', ')}`);
    this.text(completionScript(shell, thisProgram()).trimEnd());
  }
}
