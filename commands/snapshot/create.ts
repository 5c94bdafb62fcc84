import { PannierCommand } from '../../src/cli/command.js';
import { CommandError } from '../../src/cli/errors.js';
import { argument, endpointFlags, outputFlags } from '../../src/cli/flags.js';
import { parameterFlags, readParameterFlags } from '../../src/cli/parameters.js';
import { openPlugin } from '../../src/cli/plugin.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { describeSnapshot, listed } from '../../src/cli/snapshots.js';
import { findVolume } from '../../src/cli/volumes.js';
import { slugOf } from '../../src/volume/name.js';

export default class SnapshotCreate extends PannierCommand {
  static override summary = 'Take a snapshot of a volume';
  static override description =
    'Takes a snapshot of a volume, which may be in use: it holds what had been written by then, as after a power cut. The volume is named by its whole handle or name.\n\nThe name makes the call repeatable: the same name again answers the same snapshot, and a name that a snapshot of another volume has is refused. CSI asks for a name, and `nomad volume snapshot create` without one sends none; here it is made from the time and that of the volume, so that each call takes another snapshot.';
  static override examples = [
    'pannier snapshot create data before-upgrade',
    "pannier snapshot create -t '{{.id}}' data",
  ];
  static override args = {
    volume: argument({ description: 'The volume: a whole handle or name.', required: true }),
    name: argument({ description: 'The name of the snapshot, which no other one has.' }),
  };
  static override flags = { ...endpointFlags, ...outputFlags, ...secretsFlags, ...parameterFlags };
  protected override readonly doing = 'creating snapshot';

  async run(): Promise<void> {
    const { args, flags } = await this.input(SnapshotCreate);
    const parameters = readParameterFlags(flags.parameter);
    const secrets = await readSecrets(flags['secrets-file']);
    await using plugin = openPlugin(flags.endpoint);
    const volume = await this.progress('Looking the volume up', findVolume(plugin, args.volume));
    const name = args.name ?? newName(volume.name ?? volume.id);
    this.monitor(`Taking snapshot "${name}" of volume "${volume.id}"`);
    const { snapshot } = await this.progress(
      'CreateSnapshot',
      plugin.controller.createSnapshot({ sourceVolumeId: volume.id, name, parameters, secrets }),
    );
    if (snapshot === undefined)
      throw new CommandError('CreateSnapshot: the plugin answered no snapshot');
    const taken = listed(snapshot);
    this.monitor(`Took snapshot "${taken.id}"`);
    await this.data({ ...taken, name }, () => describeSnapshot(taken));
  }
}

/** `20260102T150405678Z-data`: the handle shows the beginning of it, and the volume's name besides. */
function newName(volume: string): string {
  return [new Date().toISOString().replace(/[-:.]/g, ''), slugOf(volume)]
    .filter((part) => part !== '')
    .join('-');
}
