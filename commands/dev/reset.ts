import { createInterface } from 'node:readline/promises';
import { PannierCommand } from '../../src/cli/command.js';
import { folderFlags, thisProgram } from '../../src/cli/dev.js';
import { CommandError, UsageError } from '../../src/cli/errors.js';
import { outputFlags, toggle } from '../../src/cli/flags.js';

export default class DevReset extends PannierCommand {
  static override summary = 'Remove the development cluster and its data';
  static override description =
    'Stops the plugin and Ceph, and removes the cluster with every volume in it. It asks first. While volumes are attached on this machine it refuses; with -force it takes their mounts and devices down.';
  static override examples = ['pannier dev reset', 'pannier dev reset -auto-approve -force'];
  static override flags = {
    ...outputFlags,
    ...folderFlags,
    'auto-approve': toggle({ description: 'Do not ask.' }),
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
    if (!flags.force && !flags['auto-approve'] && !(await confirmed(folder))) {
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

async function confirmed(folder: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UsageError('Nobody can be asked here: confirm with -auto-approve');
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`Remove ${folder} with all its volumes? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
