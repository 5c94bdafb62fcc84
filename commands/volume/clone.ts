import { PannierCommand } from '../../src/cli/command.js';
import { copyFlags, copyRequest, readCopy } from '../../src/cli/copies.js';
import { createdVolume, describeCreated } from '../../src/cli/created.js';
import { argument, endpointFlags, outputFlags } from '../../src/cli/flags.js';
import { openPlugin } from '../../src/cli/plugin.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { findVolume } from '../../src/cli/volumes.js';

export default class VolumeClone extends PannierCommand {
  static override summary = 'Make a volume from another one';
  static override description =
    'Makes a new volume that begins with the content of another, which may be in use: it has what had been written by then, as after a power cut. From then on neither sees what is written to the other. The new one is as large as the other, and in the same pool and namespace, unless told otherwise. The name makes the call repeatable, as with `pannier volume create`, which does the same from a specification with clone_id.\n\nThe ID is a whole handle or name.';
  static override examples = [
    'pannier volume clone data data-for-tests',
    'pannier volume clone -size=20GiB -parameter=namespace=tests data data-for-tests',
  ];
  static override args = {
    ID: argument({ description: 'The volume to clone.', required: true }),
    name: argument({ description: 'The name of the new volume.', required: true }),
  };
  static override flags = { ...endpointFlags, ...outputFlags, ...secretsFlags, ...copyFlags };
  protected override readonly doing = 'cloning volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeClone);
    const copy = readCopy(flags);
    const secrets = await readSecrets(flags['secrets-file']);
    await using plugin = openPlugin(flags.endpoint);
    const { id, capacityBytes: sizeBytes } = await this.progress(
      'Looking the volume up',
      findVolume(plugin, args.ID),
    );
    this.monitor(`Cloning volume "${id}" as "${args.name}"`);
    const source = { kind: 'volume', id, sizeBytes } as const;
    const answer = await this.progress(
      'CreateVolume',
      plugin.controller.createVolume(copyRequest(args.name, copy, source, secrets)),
    );
    const created = createdVolume(args.name, answer);
    this.monitor(`Created volume "${created.id}"`);
    await this.data(created, () => describeCreated(created));
  }
}
