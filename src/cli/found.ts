import type { AccessMode } from '../volume/capability.js';
import type { Step } from './mounting.js';
import type { MountRecord, Mounts } from './mounts.js';
import { ifOffered, isStatus, type Plugin } from './plugin.js';
import { listVolumes } from './volumes.js';

/** A mount that an orchestrator asked for, and what of it is to be taken back. */
export interface RememberedMount {
  readonly record: MountRecord;
  readonly steps: ReadonlySet<Step>;
}

/**
 * Finds a mount that the node plugin remembers, whoever asked for it. Undefined where it remembers none at the path,
 * and where the plugin is another one.
 */
export async function rememberedMount(
  plugin: Plugin,
  endpoint: string,
  path: string,
): Promise<RememberedMount | undefined> {
  const admin = await plugin.nodeAdmin();
  const found = await ifOffered(admin.inspectVolume({ path })).catch((error: unknown) => {
    if (isStatus(error, 'NOT_FOUND')) return null;
    throw error;
  });
  const staging = found?.stagings.find(
    (one) => one.path === path || one.targets.some((target) => target.path === path),
  );
  if (!found || staging === undefined) return undefined;
  const others = staging.targets.filter((target) => target.path !== path);
  const steps: Step[] = staging.path === path ? [] : ['publish'];
  // Unstaging what has other targets is refused by the node, which tells them.
  if (others.length === 0 || staging.path === path) steps.push('stage');
  if (others.length === 0 && found.stagings.length === 1) steps.push('publish-to-node');
  return {
    steps: new Set(steps),
    record: {
      version: 1,
      endpoint,
      volumeId: found.volumeId,
      nodeId: found.nodeId,
      stagingPath: staging.path,
      targetPath: path,
      access: staging.access as MountRecord['access'],
      accessMode: staging.mode as AccessMode,
      fsType: '',
      mountFlags: [],
      readonly: false,
      keepsStaging: true,
    },
  };
}

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
