import { rmdir } from 'node:fs/promises';
import { makeFolder } from '../files/folders.js';
import {
  ControllerServiceCapability_RPC_Type as ControllerRpc,
  NodeServiceCapability_RPC_Type as NodeRpc,
} from '../proto/csi/v1/csi_pb.js';
import { capabilityOf } from './capabilities.js';
import type { MountRecord, Mounts } from './mounts.js';
import { isStatus, type Plugin } from './plugin.js';

type Secrets = Readonly<Record<string, string>>;
type Say = (line: string) => void;

/** A step on CSI's way from a volume to a path. */
export type Step = 'publish-to-node' | 'stage' | 'publish';

const ALL: ReadonlySet<Step> = new Set(['publish-to-node', 'stage', 'publish']);

/** What of CSI's way from a volume to a path a plugin offers. */
interface Steps {
  readonly publishes: boolean;
  readonly stages: boolean;
}

/**
 * Does what an orchestrator does to bring a volume to a path: ControllerPublish, NodeStage, NodePublish. The
 * record is written first, so that a mount that was cut short can be repeated or taken back. Each step is added to
 * `begun` before it is tried.
 */
export async function mountVolume(
  plugin: Plugin,
  mounts: Mounts,
  record: MountRecord,
  context: Readonly<Record<string, string>>,
  secrets: Secrets,
  begun: Set<Step>,
  say: Say,
): Promise<void> {
  const { volumeId, nodeId, stagingPath, targetPath, readonly } = record;
  const steps = await stepsOf(plugin);
  await mounts.write(record);
  const common = {
    volumeId,
    volumeCapability: capabilityOf(record),
    volumeContext: { ...context },
    secrets: { ...secrets },
  };
  let publishContext: Record<string, string> = {};
  if (steps.publishes) {
    say(`Publishing volume "${volumeId}" to node "${nodeId}"`);
    begun.add('publish-to-node');
    ({ publishContext } = await plugin.controller.controllerPublishVolume({
      ...common,
      nodeId,
      readonly,
    }));
  }
  const stagingTargetPath = steps.stages ? stagingPath : '';
  if (steps.stages) {
    say(`Staging it at ${stagingPath}`);
    await makeFolder(stagingPath, 0o700);
    begun.add('stage');
    await plugin.node.nodeStageVolume({ ...common, publishContext, stagingTargetPath });
  }
  say(`Publishing it at ${targetPath}`);
  begun.add('publish');
  await plugin.node.nodePublishVolume({
    ...common,
    publishContext,
    stagingTargetPath,
    targetPath,
    readonly,
  });
}

/**
 * The way back, as far as no other mount of the volume needs what is there, and of a mount that failed only as far as
 * it came. It can be repeated.
 */
export async function unmountVolume(
  plugin: Plugin,
  mounts: Mounts,
  record: MountRecord,
  secrets: Secrets,
  say: Say,
  begun = ALL,
): Promise<void> {
  const { volumeId, nodeId, stagingPath, targetPath } = record;
  const steps = await stepsOf(plugin);
  const others = (await mounts.list()).filter(
    (other) => other.volumeId === volumeId && other.targetPath !== targetPath,
  );
  if (begun.has('publish')) {
    say(`Unpublishing volume "${volumeId}" from ${targetPath}`);
    await goneIsDone(plugin.node.nodeUnpublishVolume({ volumeId, targetPath }));
  }
  if (
    begun.has('stage') &&
    steps.stages &&
    !others.some((other) => other.stagingPath === stagingPath)
  ) {
    say(`Unstaging it from ${stagingPath}`);
    await goneIsDone(plugin.node.nodeUnstageVolume({ volumeId, stagingTargetPath: stagingPath }));
    if (record.keepsStaging !== true) await removeFolder(stagingPath);
  }
  if (
    begun.has('publish-to-node') &&
    steps.publishes &&
    !others.some((other) => other.nodeId === nodeId)
  ) {
    say(`Unpublishing it from node "${nodeId}"`);
    await goneIsDone(
      plugin.controller.controllerUnpublishVolume({ volumeId, nodeId, secrets: { ...secrets } }),
    );
  }
  await mounts.remove(targetPath);
}

async function stepsOf({ controller, node }: Plugin): Promise<Steps> {
  const [published, staged] = await Promise.all([
    controller.controllerGetCapabilities({}).catch((error: unknown) => {
      if (isStatus(error, 'UNIMPLEMENTED')) return undefined;
      throw error;
    }),
    node.nodeGetCapabilities({}),
  ]);
  return {
    publishes:
      published?.capabilities.some(
        ({ type }) => type.value?.type === ControllerRpc.PUBLISH_UNPUBLISH_VOLUME,
      ) ?? false,
    stages: staged.capabilities.some(
      ({ type }) => type.value?.type === NodeRpc.STAGE_UNSTAGE_VOLUME,
    ),
  };
}

/** Taking down what is not there is done. */
async function goneIsDone(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isStatus(error, 'NOT_FOUND')) throw error;
  });
}

/** The plugin may have removed it; one that is not empty is not ours to empty. */
async function removeFolder(path: string): Promise<void> {
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTEMPTY') throw error;
  });
}
