import { PannierCommand } from '../../src/cli/command.js';
import { copyFlags, copyRequest, readCopy } from '../../src/cli/copies.js';
import { createdVolume, describeCreated } from '../../src/cli/created.js';
import { argument, endpointFlags, outputFlags } from '../../src/cli/flags.js';
import { openPlugin } from '../../src/cli/plugin.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { findSnapshot } from '../../src/cli/snapshots.js';

export default class SnapshotRestore extends PannierCommand {
  static override summary = 'Make a volume from a snapshot';
  static override description =
    'Makes a new volume that begins with the content of a snapshot; the volume that the snapshot was taken of stays as it is. The new one is as large as the snapshot, and in the same pool and namespace, unless told otherwise. The name makes the call repeatable, as with `pannier volume create`, which does the same from a specification with snapshot_id.\n\nThe ID is a whole handle, or the name that the snapshot was taken with.';
  static override examples = [
    'pannier snapshot restore before-upgrade data-before',
    'pannier snapshot restore -size=20GiB -parameter=pool=fast before-upgrade data-before',
  ];
  static override args = {
    ID: argument({ description: 'The snapshot.', required: true }),
    name: argument({ description: 'The name of the new volume.', required: true }),
  };
  static override flags = { ...endpointFlags, ...outputFlags, ...secretsFlags, ...copyFlags };
  protected override readonly doing = 'restoring snapshot';

  async run(): Promise<void> {
    const { args, flags } = await this.input(SnapshotRestore);
    const copy = readCopy(flags);
    const secrets = await readSecrets(flags['secrets-file']);
    await using plugin = openPlugin(flags.endpoint);
    const { id, sizeBytes } = await this.progress(
      'Looking the snapshot up',
      findSnapshot(plugin, args.ID, secrets),
    );
    this.monitor(`Restoring snapshot "${id}" as volume "${args.name}"`);
    const source = { kind: 'snapshot', id, sizeBytes } as const;
    const answer = await this.progress(
      'CreateVolume',
      plugin.controller.createVolume(copyRequest(args.name, copy, source, secrets)),
    );
    const created = createdVolume(args.name, answer);
    this.monitor(`Created volume "${created.id}"`);
    await this.data(created, () => describeCreated(created));
  }
}
