import { PannierCommand } from '../../src/cli/command.js';
import { type CreatedVolume, createdVolume, describeCreated } from '../../src/cli/created.js';
import { endpointFlags, outputFlags } from '../../src/cli/flags.js';
import { openPlugin } from '../../src/cli/plugin.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { inOrder, specArgument, usableSpecs } from '../../src/cli/specs.js';
import { createVolumeRequest } from '../../src/spec/csi.js';

export default class VolumeCreate extends PannierCommand {
  static override summary = 'Create a volume from a specification';
  static override description =
    'Creates the volume that a specification describes. Its name makes the call repeatable: the same specification again answers the same volume, and another one under that name is refused.\n\nA file may hold several volumes in `volume "label" { … }` blocks. They are created in order; the first failure ends it, and says what was created. With -json or -t they are a list.\n\nWith snapshot_id or clone_id in the specification it begins with the content of a snapshot or of another volume; `pannier snapshot restore` and `pannier volume clone` do that without a specification.';
  static override examples = [
    'pannier volume create volume.hcl',
    'pannier volume create -json - < volume.json',
    "pannier volume create -t '{{.id}}' volume.hcl",
  ];
  static override args = { spec: specArgument };
  static override flags = { ...endpointFlags, ...outputFlags, ...secretsFlags };
  protected override readonly doing = 'creating volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeCreate);
    const { specs, inBlocks, warnings } = await usableSpecs(args.spec);
    if (warnings !== undefined) this.notice(warnings);
    const fromFile = await readSecrets(flags['secrets-file']);
    await using plugin = openPlugin(flags.endpoint);
    const volumes = await inOrder(specs, async (spec): Promise<CreatedVolume> => {
      const secrets = { ...spec.secrets, ...fromFile };
      this.monitor(`Creating volume "${spec.name}"`);
      const answer = await this.progress(
        'CreateVolume',
        plugin.controller.createVolume(createVolumeRequest({ ...spec, secrets })),
      );
      const created = createdVolume(spec.name, answer);
      this.monitor(`Created volume "${created.id}"`);
      return created;
    });
    await this.data(inBlocks ? volumes : volumes[0], () =>
      volumes.map(describeCreated).join('\n\n'),
    );
  }
}
