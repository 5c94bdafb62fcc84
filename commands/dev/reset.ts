import { PannierCommand } from '../../src/cli/command.js';
import { confirmed, confirmFlags } from '../../src/cli/confirm.js';
import { folderFlags, thisProgram } from '../../src/cli/dev.js';
import { CommandError } from '../../src/cli/errors.js';
import { outputFlags, toggle } from '../../src/cli/flags.js';

export default class DevReset extends PannierCommand {
  static override summary = 'Remove the development cluster and its data';
  static override description =
    'Stops the plugin and Ceph, and removes the cluster with every volume in it. It asks first. While volumes are attached on this machine it refuses; with -force it takes their mounts and devices down.';
  static override examples = ['pannier dev reset', 'pannier dev reset -auto-approve -force'];
  static override flags = {
    ...outputFlags,
    ...folderFlags,
    ...confirmFlags,
    force: toggle({ description: 'Take down what is attached on this machine. It does not ask.' }),
  };
  protected override readonly doing = 'removing the development cluster';

  async run(): Promise<void> {
    const { flags } = await this.input(DevReset);
    const { DevEnvironment } = await import('../../src/dev/environment.js');
    const environment = new DevEnvironment({ folder: flags.folder, program: thisProgram() });
    const problem = flags.force ? undefined : await environment.inUse();
    if (problem !== undefined)
      throw new CommandError(problem, {
        code: 'FAILED_PRECONDITION',
        remedy: 'Unmount them with `pannier volume unmount`, or take them down with -force.',
      });
    const { folder } = environment.layout;
    const asks = !flags.force && !flags['auto-approve'];
    if (asks && !(await confirmed(`Remove ${folder} with all its volumes?`))) {
      await this.data({ folder, removed: false }, () => 'Nothing was removed');
      return;
    }
    await environment.stopForeground();
    const lock = await environment.lock();
    await environment.reset((step) => this.monitor(step));
    lock.release();
    await this.data({ folder, removed: true }, () => `Removed the cluster in ${folder}`);
  }
}
