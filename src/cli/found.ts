import type { MountRecord, Mounts } from './mounts.js';
import type { Plugin } from './plugin.js';
import { listVolumes } from './volumes.js';

/**
 * Finds a mount whose record is lost: the plugin is asked which of the volumes that are published on this
 * node is at the path. Undefined where none is.
 */
export async function findMount(
  plugin: Plugin,
  mounts: Mounts,
  endpoint: string,
  path: string,
): Promise<MountRecord | undefined> {
  const { nodeId } = await plugin.node.nodeGetInfo({});
  const here = (await listVolumes(plugin)).filter(({ nodes }) => nodes.includes(nodeId));
  for (const { id } of here) {
    const stagingPath = mounts.stagingPath(id);
    const isThere = await plugin.node
      .nodeGetVolumeStats({ volumeId: id, volumePath: path, stagingTargetPath: stagingPath })
      .then(
        () => true,
        () => false,
      );
    if (isThere)
      return {
        version: 1,
        endpoint,
        volumeId: id,
        nodeId,
        stagingPath,
        targetPath: path,
        access: 'mount',
        accessMode: 'SINGLE_NODE_WRITER',
        fsType: '',
        mountFlags: [],
        readonly: false,
      };
  }
  return undefined;
}
