import { PannierCommand } from '../../src/cli/command.js';
import { outputFlags } from '../../src/cli/flags.js';
import { mesosFlags, pluginOfMesos } from '../../src/cli/mesos/flags.js';

export default class MesosStatus extends PannierCommand {
  static override summary = 'Show what Mesos has of volumes, and what is there of them';
  static override description =
    "Asks Mesos agents for their resource providers, disks, operations, the containers of CSI plugins and the tasks that use volumes, and puts beside them the plugin's volumes and Ceph's images. It changes nothing.\n\nThe plugin is the one at -endpoint or PANNIER_ENDPOINT, or else those that the agents run on this machine. Volumes that no agent which was asked has as a disk are listed too: those of other agents, those that tasks name themselves, and what Mesos left behind (`pannier mesos gc`).";
  static override examples = [
    'pannier mesos status',
    'pannier mesos status -master=mesos.example:5050 -json',
    'pannier mesos status -t \'{{range .disks}}{{.volumeId}} {{.image}}{{"\\n"}}{{end}}\'',
  ];
  static override flags = {
    ...pluginOfMesos,
    ...mesosFlags,
    ...outputFlags,
  };
  protected override readonly doing = 'asking Mesos';

  async run(): Promise<void> {
    const { flags } = await this.input(MesosStatus);
    const [{ openAgents }, { gatherMesos }, { statusPage }, { statusData }] = await Promise.all([
      import('../../src/cli/mesos/open.js'),
      import('../../src/cli/mesos/gather.js'),
      import('../../src/cli/mesos/page.js'),
      import('../../src/cli/mesos/data.js'),
    ]);
    using agents = await openAgents(flags);
    const endpoint = flags.endpoint || process.env.PANNIER_ENDPOINT || undefined;
    const status = await this.progress('Asking Mesos', gatherMesos(agents, endpoint));
    await this.data(statusData(status), () => statusPage(status, (title) => this.heading(title)));
  }
}
