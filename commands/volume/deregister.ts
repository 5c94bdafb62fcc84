import { PannierCommand } from '../../src/cli/command.js';
import { confirmed, confirmFlags } from '../../src/cli/confirm.js';
import { argument, outputFlags, toggle } from '../../src/cli/flags.js';
import { findVolume } from '../../src/cli/nomad/find.js';
import { nomadFlags } from '../../src/cli/nomad/flags.js';
import { openNomad } from '../../src/cli/nomad/open.js';
import { deregisterVolume } from '../../src/nomad/volumes.js';

export default class VolumeDeregister extends PannierCommand {
  static override summary = 'Make Nomad forget a volume, whose data stays';
  static override description =
    'Takes a volume out of Nomad. Its plugin is not asked: the volume and its data stay, and `pannier volume register` makes Nomad know it again. A volume that allocations claim is refused.\n\nWith -force the claims of allocations that are over go with it; those of allocations that run are kept. That frees a volume whose claims hang.\n\nThe ID is the whole one, of Nomad or of the plugin.';
  static override examples = [
    'pannier volume deregister data',
    'pannier volume deregister -force -auto-approve data',
  ];
  static override args = { ID: argument({ description: 'The volume.', required: true }) };
  static override flags = {
    force: toggle({ description: 'Also where allocations that are over claim it.' }),
    ...confirmFlags,
    ...nomadFlags,
    ...outputFlags,
  };
  protected override readonly doing = 'deregistering volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeDeregister);
    const { force } = flags;
    using nomad = openNomad(flags);
    const { ID, Namespace, ExternalID } = await this.progress(
      'Looking the volume up',
      findVolume(nomad, args.ID),
    );
    const question = `Are you sure you want to force deregister volume "${ID}"?`;
    if (force && !flags['auto-approve'] && !(await confirmed(question)))
      return this.text('Cancelling volume deregister');
    await this.progress(
      'Deregistering',
      deregisterVolume(nomad, ID, { namespace: Namespace, force }),
    );
    await this.data(
      { ID, Namespace, ExternalID },
      () => `Successfully deregistered volume "${ID}"!`,
    );
  }
}
