import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { VolumeContentSourceSchema } from '../../../src/proto/csi/v1/csi_pb.js';
import { PATTERN_BYTES } from '../../lab/content.js';
import type { LabPlugin } from '../../lab/plugin.js';
import { BLOCK, type Scene } from './harness.js';

/** How long background work may take that is begun within 10 s. */
const WORK_LIMIT_MS = 30_000;

export type Source = MessageInitShape<typeof VolumeContentSourceSchema>;

/** What a volume is to be, where it is not an ordinary one. */
export interface Wishes {
  readonly sizeBytes?: bigint;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly source?: Source;
}

/** Creates a volume and answers its id. */
export async function create(
  plugin: LabPlugin,
  name: string,
  wishes: Wishes = {},
): Promise<string> {
  const { sizeBytes = PATTERN_BYTES, parameters = {}, source } = wishes;
  const { volume } = await plugin.controller.createVolume({
    name,
    capacityRange: { requiredBytes: sizeBytes, limitBytes: sizeBytes },
    volumeCapabilities: [BLOCK],
    parameters: { ...parameters },
    ...(source === undefined ? {} : { volumeContentSource: source }),
  });
  return volume?.volumeId ?? '';
}

/** Takes a snapshot and answers its id. */
export async function snap(plugin: LabPlugin, name: string, sourceVolumeId: string) {
  const { snapshot } = await plugin.controller.createSnapshot({ name, sourceVolumeId });
  return snapshot?.snapshotId ?? '';
}

export function remove(plugin: LabPlugin, volumeId: string): Promise<unknown> {
  return plugin.controller.deleteVolume({ volumeId });
}

export function unsnap(plugin: LabPlugin, snapshotId: string): Promise<unknown> {
  return plugin.controller.deleteSnapshot({ snapshotId });
}

export function fromVolume(volumeId: string): Source {
  return { type: { case: 'volume', value: { volumeId } } };
}

export function fromSnapshot(snapshotId: string): Source {
  return { type: { case: 'snapshot', value: { snapshotId } } };
}

/** A volume that holds the pattern of its own name. */
export async function createWritten({ keeper, contents }: Scene, name: string): Promise<string> {
  const volumeId = await create(keeper, name);
  await contents.write(volumeId, name);
  return volumeId;
}

/** The ids of the volumes and snapshots that a controller lists. */
export async function listed(plugin: LabPlugin) {
  const [volumes, snapshots] = await Promise.all([
    plugin.controller.listVolumes({}),
    plugin.controller.listSnapshots({}),
  ]);
  return [
    ...volumes.entries.map(({ volume }) => volume?.volumeId),
    ...snapshots.entries.map(({ snapshot }) => snapshot?.snapshotId),
  ];
}

/** Waits until nothing is left to do in the background for an image. */
export async function workDone({ keeper }: Scene, imageId: string): Promise<void> {
  const limit = Date.now() + WORK_LIMIT_MS;
  for (;;) {
    const { work } = await keeper.admin.listWork({});
    if (!work.some((one) => one.imageId === imageId)) return;
    if (Date.now() > limit)
      throw new Error(`it is not done: ${work.map((one) => one.snapshot || one.volumeId)}`);
    await sleep(50);
  }
}
