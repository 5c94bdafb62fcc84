import { keyValues } from '../../src/cli/columns.js';
import { PannierCommand } from '../../src/cli/command.js';
import { EXIT } from '../../src/cli/errors.js';
import { outputFlags, toggle } from '../../src/cli/flags.js';
import type { Leftover } from '../../src/cli/mesos/finding.js';
import { mesosFlags, pluginOfMesos } from '../../src/cli/mesos/flags.js';

export default class MesosGc extends PannierCommand {
  static override summary = 'Find what Mesos left behind on this machine, and clean it';
  static override description =
    'Looks, on the machine of a Mesos agent, for images that a CREATE_DISK made before it failed, of which no resource provider knows, and for containers of CSI plugins that no file of the configuration has any more. It says what is wrong and what would be done, and does it with -fix.\n\nAn image is only deleted where nothing can be lost with it: the plugin has scope = "host" and the volume is this host\'s; no operation, disk, task or note of the agent\'s is about it; nobody has it open; and it holds nothing, not even a file system. A container is only ended where no volume is mounted through its plugin.\n\nThe plugin is the one at -endpoint or PANNIER_ENDPOINT, or else those that the agent runs.\n\nThe exit code is 0 where nothing is left and 1 where something is.';
  static override examples = [
    'pannier mesos gc',
    'pannier mesos gc -fix',
    'pannier mesos gc -json',
  ];
  static override flags = {
    fix: toggle({ description: 'Do what would be done.' }),
    ...pluginOfMesos,
    ...mesosFlags,
    ...outputFlags,
  };
  protected override readonly doing = 'looking for what Mesos left behind';

  async run(): Promise<void> {
    const { flags } = await this.input(MesosGc);
    const [{ openAgents }, { collect }] = await Promise.all([
      import('../../src/cli/mesos/open.js'),
      import('../../src/cli/mesos/gc.js'),
    ]);
    using agents = await openAgents(flags);
    const endpoint = flags.endpoint || process.env.PANNIER_ENDPOINT || undefined;
    const { findings, gaps } = await this.progress(
      'Looking around',
      collect(agents, endpoint, flags.fix),
    );
    await this.data({ findings, gaps }, () =>
      [
        ...findings.map(block),
        ...gaps.map(({ part, problem }) => `Not looked at: ${part}: ${problem}`),
        ...(findings.length === 0
          ? [`Nothing found${gaps.length === 0 ? '' : ' in the rest'}`]
          : []),
      ].join('\n\n'),
    );
    if (findings.some(({ fixed }) => !fixed)) process.exitCode = EXIT.failed;
  }
}

function block({ kind, subject, problem, remedy, fixed }: Leftover): string {
  return keyValues([
    ['Kind', kind],
    ['Subject', subject],
    ['Problem', problem],
    ['Remedy', remedy ?? 'look at it by hand'],
    ['Fixed', fixed ? 'yes' : 'no'],
  ]);
}
