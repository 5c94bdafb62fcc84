import { resolve } from 'node:path';
import type { NodeVolumes } from '../volume/node.js';
import type { NodeContext } from './context.js';
import { takeDown } from './takedown.js';
import { vacate } from './vacated.js';

type UnstageRequest = Parameters<NodeVolumes['unstage']>[0];

/** NodeUnstageVolume. It asks nothing of the cluster. The staging directory is the caller's and stays. */
export async function unstage(context: NodeContext, request: UnstageRequest): Promise<void> {
  const { volumeId } = request;
  const stagingPath = resolve(request.stagingPath);
  await context.records.mustBeWritable();
  await takeDown(context, volumeId, stagingPath);
  const record = await context.records.read(volumeId, stagingPath);
  if (record === undefined) return;
  await vacate(context, record);
  await context.effect('unstage/forget-stage', () => context.records.remove(volumeId, stagingPath));
}
