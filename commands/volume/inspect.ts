import { PannierCommand } from '../../src/cli/command.js';
import { argument, optionList, outputFlags, toggle } from '../../src/cli/flags.js';
import { mesosFlags } from '../../src/cli/mesos/flags.js';
import { wayFlags } from '../../src/cli/way.js';

/** How long objects may be counted: once, and each time that a volume that is followed is looked at. */
const COUNT_MS = 5_000;
const COUNT_FOLLOWED_MS = 500;

export default class VolumeInspect extends PannierCommand {
  static override summary = 'Show all that is known of a volume, and what does not fit together';
  static override description =
    "Asks everybody who knows something of a volume and puts it on one page: Nomad for its record, its claims and their allocations; Mesos's agents for the resource provider that has it as a disk, and the frameworks and tasks that use it; a controller of Pannier's for the plugin's record, the image, who has it open, its locks, snapshots, parents and clones; nodes for devices, mounts and their usage. What does not fit together is marked, with the command that mends it. A part whose source cannot be reached says why.\n\nThe ID is Nomad's, or the beginning of it, a name, or a handle: cluster/pool/image. An image that no plugin made, and a volume of ceph-csi, are shown too.\n\nNomad is asked at -address or NOMAD_ADDR, or else at its default address; Mesos where -agent or -master names it or an agent answers on this machine. The controller is the one at -endpoint or PANNIER_ENDPOINT, or else the plugin of a running `pannier dev`, or else one that Nomad or Mesos runs on this machine. Nodes are asked at each -node-endpoint, at the controller's endpoint where a node is there too, and where Nomad or Mesos runs one on this machine.";
  static override examples = [
    'pannier volume inspect data',
    'pannier volume inspect -namespace=web -watch data',
    'pannier volume inspect -endpoint=unix:///run/pannier/csi.sock ceph/rbd/some-image',
    'pannier volume inspect -t \'{{range .inconsistencies}}{{.kind}}{{"\\n"}}{{end}}\' data',
  ];
  static override args = { ID: argument({ description: 'The volume.', required: true }) };
  static override flags = {
    ...wayFlags,
    ...mesosFlags,
    ...outputFlags,
    'node-endpoint': optionList({
      value: 'address',
      description: 'Ask the node plugin at this gRPC address too.',
    }),
    watch: toggle({
      description:
        'Follow it: at a terminal the page is drawn anew, and with -json each change is one line.',
    }),
  };
  protected override readonly doing = 'inspecting volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeInspect);
    const [{ openSources }, { gather }, { dataOf }, { page }] = await Promise.all([
      import('../../src/cli/inspect/sources.js'),
      import('../../src/cli/inspect/gather.js'),
      import('../../src/cli/inspect/data.js'),
      import('../../src/cli/inspect/page/page.js'),
    ]);
    await using sources = await openSources(flags);
    const text = (found: Awaited<ReturnType<typeof gather>>) =>
      page(found, args.ID, (title) => this.heading(title));
    if (!flags.watch) {
      const found = await this.progress('Asking around', gather(sources, args.ID, COUNT_MS));
      return await this.data(dataOf(found), () => text(found));
    }
    const { follow } = await import('../../src/cli/inspect/follow.js');
    await follow({
      read: () => gather(sources, args.ID, COUNT_FOLLOWED_MS),
      data: dataOf,
      show: (found) => this.data(dataOf(found), () => text(found)),
      json: flags.json,
      redraw: this.forPeople && process.stdout.isTTY === true,
    });
  }
}
