import { PannierCommand } from '../../src/cli/command.js';
import { argument, endpointFlags, outputFlags } from '../../src/cli/flags.js';
import { openPlugin } from '../../src/cli/plugin.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { lookUpSnapshot, snapshotNotFound } from '../../src/cli/snapshots.js';
import { parseSnapshotHandle } from '../../src/volume/snapshot/handle.js';

export default class SnapshotDelete extends PannierCommand {
  static override summary = 'Delete a snapshot';
  static override description =
    'Deletes a snapshot. Volumes that were made from it keep their content. The ID is a whole handle, or the name that it was taken with.';
  static override examples = ['pannier snapshot delete before-upgrade'];
  static override args = { ID: argument({ description: 'The snapshot.', required: true }) };
  static override flags = { ...endpointFlags, ...outputFlags, ...secretsFlags };
  protected override readonly doing = 'deleting snapshot';

  async run(): Promise<void> {
    const { args, flags } = await this.input(SnapshotDelete);
    const secrets = await readSecrets(flags['secrets-file']);
    await using plugin = openPlugin(flags.endpoint);
    const found = await this.progress('Looking it up', lookUpSnapshot(plugin, args.ID, secrets));
    if (found === undefined && parseSnapshotHandle(args.ID) === undefined)
      snapshotNotFound(args.ID);
    const snapshotId = found?.id ?? args.ID;
    // Also where no snapshot shows under the handle: one that was never finished does not show either.
    await this.progress(
      'DeleteSnapshot',
      plugin.controller.deleteSnapshot({ snapshotId, secrets }),
    );
    if (found === undefined) snapshotNotFound(snapshotId);
    await this.data({ id: snapshotId }, () => `Successfully deleted snapshot "${snapshotId}"!`);
  }
}
