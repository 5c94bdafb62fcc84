import { PannierCommand } from '../../src/cli/command.js';
import { describeDev, folderFlags, thisProgram } from '../../src/cli/dev.js';
import { EXIT } from '../../src/cli/errors.js';
import { outputFlags } from '../../src/cli/flags.js';

export default class DevStatusCommand extends PannierCommand {
  static override summary = 'Show what pannier dev has running';
  static override description =
    'Shows the addresses, files and processes of the development cluster in a folder. The exit code is 0 while all of it runs, and 1 otherwise.';
  static override examples = [
    'pannier dev status',
    'pannier dev status -json',
    "pannier dev status -t '{{.endpoint}}'",
  ];
  static override flags = { ...outputFlags, ...folderFlags };
  protected override readonly doing = 'reading the development cluster';

  async run(): Promise<void> {
    const { flags } = await this.input(DevStatusCommand);
    const { DevEnvironment } = await import('../../src/dev/environment.js');
    const environment = new DevEnvironment({ folder: flags.folder, program: thisProgram() });
    const status = await environment.status();
    await this.data(status, () => describeDev(status));
    if (status.state !== 'running') process.exitCode = EXIT.failed;
  }
}
