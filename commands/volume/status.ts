import { PannierCommand } from '../../src/cli/command.js';
import { argument, outputFlags, toggle } from '../../src/cli/flags.js';
import { staleFlags } from '../../src/cli/nomad/flags.js';
import { onlyThroughNomad, WAY_RULE, wayFlags, wayOf } from '../../src/cli/way.js';

export default class VolumeStatus extends PannierCommand {
  static override summary = 'List volumes, or show one';
  static override description =
    `Without an ID, lists all volumes; with one, shows that volume. Through Nomad these are the volumes that Nomad knows, as \`nomad volume status\` shows them, and with -json and -t Nomad's own documents; the ID is Nomad's, the beginning of it, or the whole one of the plugin. Straight from a controller they are all that the plugin has, with what each was made from, its snapshots, what the background does to it, and where \`pannier volume mount\` has it on this machine; the ID is a handle, a name, or the beginning of either that only one volume has.\n\n${WAY_RULE}`;
  static override examples = [
    'pannier volume status',
    'pannier volume status -address=http://nomad.example:4646 -namespace="*"',
    'pannier volume status -monitor data',
    'pannier volume status -endpoint=unix:///csi/csi.sock ceph/rbd/pannier-data',
    'pannier volume status -t \'{{range .}}{{.ID}}{{"\\n"}}{{end}}\'',
  ];
  static override args = { ID: argument({ description: 'The volume; without it, all.' }) };
  static override flags = {
    ...wayFlags,
    ...outputFlags,
    ...staleFlags,
    verbose: toggle({
      description:
        'Whole IDs and times; without an ID, also what each plugin of Nomad has, whether Nomad knows of it or not, though not with -json and -t.',
    }),
    monitor: toggle({
      description: 'Follow the volume and tell each change, until it is gone or you interrupt it.',
    }),
  };
  protected override readonly doing = 'reading volumes';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeStatus);
    const way = wayOf(flags);
    const { verbose, stale, monitor } = flags;
    onlyThroughNomad(way, { verbose, stale, monitor });
    if (way.through === 'nomad') {
      const { volumeStatus } = await import('../../src/cli/nomad/volume-status.js');
      return await volumeStatus(this, flags, args.ID);
    }
    const { volumeStatus } = await import('../../src/cli/straight/volume-status.js');
    await volumeStatus(this, way.endpoint, args.ID);
  }
}
