import { PannierCommand } from '../../src/cli/command.js';
import { argument, endpointFlags, outputFlags } from '../../src/cli/flags.js';
import { openPlugin } from '../../src/cli/plugin.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { describeSnapshot, findSnapshotByPrefix } from '../../src/cli/snapshots.js';
import { listVolumes, volumeTable } from '../../src/cli/volumes.js';

export default class SnapshotStatus extends PannierCommand {
  static override summary = 'Show a snapshot';
  static override description =
    'Shows a snapshot, and the volumes that were made from it. The ID is a handle, the name that it was taken with, or the beginning of a handle, or of what follows its "@", that only one snapshot has.';
  static override examples = [
    'pannier snapshot status before-upgrade',
    'pannier snapshot status -json ceph/rbd/pannier-data-hjxla6iphgwipskphbll@before',
  ];
  static override args = { ID: argument({ description: 'The snapshot.', required: true }) };
  static override flags = { ...endpointFlags, ...outputFlags, ...secretsFlags };
  protected override readonly doing = 'reading snapshot';

  async run(): Promise<void> {
    const { args, flags } = await this.input(SnapshotStatus);
    const secrets = await readSecrets(flags['secrets-file']);
    await using plugin = openPlugin(flags.endpoint);
    const snapshot = await this.progress(
      'Reading the snapshot',
      findSnapshotByPrefix(plugin, args.ID, secrets),
    );
    const all = await this.progress('ListVolumes', listVolumes(plugin));
    const volumes = all.filter(
      ({ source }) => source?.kind === 'snapshot' && source.id === snapshot.id,
    );
    await this.data({ ...snapshot, volumes: volumes.map(({ id }) => id) }, () => {
      const about = describeSnapshot(snapshot);
      return volumes.length === 0
        ? about
        : `${about}\n\n${this.heading('Volumes')}\n${volumeTable(volumes)}`;
    });
  }
}
