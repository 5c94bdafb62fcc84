import { PannierCommand } from '../../src/cli/command.js';
import { folderFlags, thisProgram } from '../../src/cli/dev.js';
import { CommandError } from '../../src/cli/errors.js';
import { outputFlags, toggle } from '../../src/cli/flags.js';

export default class DevStop extends PannierCommand {
  static override summary = 'Stop what pannier dev has running';
  static override description =
    'Stops the plugin and Ceph; the data stays for the next start. While volumes are attached on this machine it refuses, since whoever uses them would hang without Ceph.';
  static override examples = ['pannier dev stop', 'pannier dev stop -force'];
  static override flags = {
    ...outputFlags,
    ...folderFlags,
    force: toggle({ description: 'Stop even where volumes are attached; their mounts stay.' }),
  };
  protected override readonly doing = 'stopping the development cluster';

  async run(): Promise<void> {
    const { flags } = await this.input(DevStop);
    const { DevEnvironment } = await import('../../src/dev/environment.js');
    const environment = new DevEnvironment({ folder: flags.folder, program: thisProgram() });
    const problem = flags.force ? undefined : await environment.inUse();
    if (problem !== undefined)
      throw new CommandError(problem, {
        code: 'FAILED_PRECONDITION',
        remedy: 'Unmount them with `pannier volume unmount`, or stop all the same with -force.',
      });
    if (await environment.stopForeground()) this.monitor('Stopped pannier dev in the foreground');
    const lock = await environment.lock();
    await environment.stop((step) => this.monitor(step));
    lock.release();
    const { folder } = environment.layout;
    await this.data({ folder, state: 'stopped' }, () => `Stopped what ran in ${folder}`);
  }
}
