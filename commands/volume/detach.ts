import { PannierCommand } from '../../src/cli/command.js';
import { argument, outputFlags } from '../../src/cli/flags.js';
import { detachFrom } from '../../src/cli/nomad/claims.js';
import { findVolume } from '../../src/cli/nomad/find.js';
import { nomadFlags } from '../../src/cli/nomad/flags.js';
import { findNodeId } from '../../src/cli/nomad/nodes.js';
import { openNomad } from '../../src/cli/nomad/open.js';

export default class VolumeDetach extends PannierCommand {
  static override summary = 'Take a volume away from a node that did not let go of it';
  static override description =
    'Has Nomad take back the claims that a node has on a volume, for a node that was lost or could not let go by itself. It can be repeated. Jobs that run there lose the volume: stop them first.\n\nThe volume is named by the whole ID, of Nomad or of the plugin, and the node by its ID, the beginning of it, or its name.';
  static override examples = ['pannier volume detach data worker-3'];
  static override args = {
    ID: argument({ description: 'The volume.', required: true }),
    node: argument({ description: 'The node of Nomad.', required: true }),
  };
  static override flags = { ...nomadFlags, ...outputFlags };
  protected override readonly doing = 'detaching volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeDetach);
    using nomad = openNomad(flags);
    const [volume, nodeId] = await this.progress(
      'Looking both up',
      Promise.all([findVolume(nomad, args.ID), findNodeId(nomad, args.node)]),
    );
    const { ID, Namespace } = volume;
    const detached = await this.progress('Detaching', detachFrom(nomad, volume, nodeId));
    await this.data({ ID, Namespace, NodeID: nodeId, Detached: detached }, () =>
      detached
        ? `Successfully detached volume "${ID}" from node "${nodeId}"!`
        : `Node "${nodeId}" has no claim on volume "${ID}"`,
    );
  }
}
