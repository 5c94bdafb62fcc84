import { PannierCommand } from '../../src/cli/command.js';
import { CommandError } from '../../src/cli/errors.js';
import { endpointFlags, option, outputFlags } from '../../src/cli/flags.js';
import { openPlugin, type Plugin } from '../../src/cli/plugin.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { listSnapshots, snapshotTable } from '../../src/cli/snapshots.js';
import { lookUpVolume } from '../../src/cli/volumes.js';

export default class SnapshotList extends PannierCommand {
  static override summary = 'List snapshots';
  static override description =
    'Lists all snapshots that the plugin knows, or those of one volume, the oldest first. A snapshot outlives its volume: one of a deleted volume is listed with the handle that the volume had.';
  static override examples = [
    'pannier snapshot list',
    'pannier snapshot list -source=data',
    'pannier snapshot list -t \'{{range .}}{{.id}}{{"\\n"}}{{end}}\'',
  ];
  static override flags = {
    source: option({
      value: 'volume',
      description:
        'Only those of this volume: a whole handle, that of a deleted volume too, or a name.',
    }),
    ...endpointFlags,
    ...outputFlags,
    ...secretsFlags,
  };
  protected override readonly doing = 'listing snapshots';

  async run(): Promise<void> {
    const { flags } = await this.input(SnapshotList);
    const secrets = await readSecrets(flags['secrets-file']);
    await using plugin = openPlugin(flags.endpoint);
    const source =
      flags.source === undefined
        ? undefined
        : await this.progress('Looking the volume up', sourceId(plugin, flags.source));
    const snapshots = await this.progress('ListSnapshots', listSnapshots(plugin, secrets, source));
    await this.data(snapshots, () =>
      snapshots.length === 0 ? 'No snapshots' : snapshotTable(snapshots),
    );
  }
}

/** A volume that is deleted has a handle still, and no name. */
async function sourceId(plugin: Plugin, text: string): Promise<string> {
  if (text.includes('/')) return text;
  const volume = await lookUpVolume(plugin, text);
  if (volume !== undefined) return volume.id;
  throw new CommandError(`volume "${text}" does not exist`, {
    code: 'NOT_FOUND',
    remedy: 'Where it is deleted, give the ID that it had: `pannier snapshot list` shows it.',
  });
}
