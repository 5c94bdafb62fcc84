import t from 'tap';
import type { Controller, Source, Volume } from '../../../src/volume/controller.js';
import { createVolume } from '../../../src/volume/create/create.js';
import { deleteVolume } from '../../../src/volume/delete/delete.js';
import { undeleteVolume } from '../../../src/volume/delete/undelete.js';
import { VolumeError } from '../../../src/volume/errors.js';
import { formatHandle } from '../../../src/volume/handle.js';
import { listVolumes } from '../../../src/volume/list.js';
import { imageName } from '../../../src/volume/name.js';
import { createSnapshot } from '../../../src/volume/snapshot/create.js';
import { deleteSnapshot } from '../../../src/volume/snapshot/delete.js';
import { listSnapshots } from '../../../src/volume/snapshot/list.js';
import type { MemoryCeph, MemoryImage } from '../memory-ceph.js';
import { controllerOn, nothingLeft, workOff } from './schedule.js';

export const MIB = 1n << 20n;

export const pathIn = (name: string, pool = 'rbd') => `${pool}//${imageName(name, 'pannier-')}`;
export const handleOf = (name: string, pool = 'rbd') =>
  `main/${pathIn(name, pool).replace('//', '/')}`;

interface Wishes {
  readonly sizeBytes?: bigint;
  readonly pool?: string;
  readonly source?: Source;
}

export function create(controller: Controller, name: string, wishes: Wishes = {}): Promise<Volume> {
  const { sizeBytes = 64n * MIB, pool = 'rbd', source } = wishes;
  return createVolume(controller, {
    name,
    range: { requiredBytes: sizeBytes, limitBytes: sizeBytes },
    capabilities: [{ access: { kind: 'block' }, mode: 'SINGLE_NODE_WRITER' }],
    parameters: { pool },
    source,
    credentials: undefined,
  });
}

export const remove = (controller: Controller, name: string, pool = 'rbd') =>
  deleteVolume(controller, handleOf(name, pool), undefined);

export const snap = (controller: Controller, name: string, volume: string) =>
  createSnapshot(controller, {
    name,
    sourceVolumeId: handleOf(volume),
    parameters: {},
    credentials: undefined,
  });

export const unsnap = (controller: Controller, snapshotId: string) =>
  deleteSnapshot(controller, snapshotId, undefined);

export const ofVolume = (name: string): Source => ({ kind: 'volume', id: handleOf(name) });
export const ofSnapshot = (id: string): Source => ({ kind: 'snapshot', id });

export async function snapshotIds(controller: Controller): Promise<readonly string[]> {
  const all = { maxEntries: 0, startingToken: '', sourceVolumeId: '', snapshotId: '' };
  const page = await listSnapshots(controller, { ...all, credentials: undefined });
  return page.snapshots.map(({ id }) => id);
}

export async function volumeIds(controller: Controller): Promise<readonly string[]> {
  const page = await listVolumes(controller, 0, '');
  return page.volumes.map(({ handle }) => formatHandle(handle));
}

/** A volume with something in it. */
export async function make(ceph: MemoryCeph, name: string, content: string): Promise<MemoryImage> {
  await create(controllerOn(ceph), name);
  const image = imageOf(ceph, name);
  image.content = content;
  ceph.written.add(image.id);
  return image;
}

export function imageOf(ceph: MemoryCeph, name: string, pool = 'rbd'): MemoryImage {
  const image = ceph.images.get(pathIn(name, pool));
  if (image === undefined) throw new Error(`no image of volume "${name}"`);
  return image;
}

/**
 * Repeats creations that may have been cut short, as an orchestrator does, with other wishes. Then all that can be
 * listed goes, and nothing may be left.
 */
export async function endAll(
  ceph: MemoryCeph,
  context: string,
  { volumes = [], snapshots = [] }: { volumes?: readonly string[]; snapshots?: readonly string[] },
): Promise<void> {
  ceph.forgetClients();
  const controller = controllerOn(ceph);
  for (const name of volumes) await createWhateverIsLeft(controller, name);
  // A snapshot's name that a call was cut short with is taken by another one.
  if (snapshots.length > 0) await create(controller, 'ender');
  for (const name of snapshots)
    if (!(await snapshotIds(controller)).some((id) => nameIn(id) === name))
      await snap(controller, name, 'ender');
  for (const id of await snapshotIds(controller)) await unsnap(controller, id);
  for (const id of await volumeIds(controller)) await deleteVolume(controller, id, undefined);
  await workOff(ceph);
  nothingLeft(ceph, context);
}

/** Fails where a volume that is there has an RBD snapshot that no entry of an index knows. */
export function noStrays(ceph: MemoryCeph, context: string): void {
  const { names, snapshotNames } = ceph.indexes;
  const known = [...names.entries.values(), ...snapshotNames.entries.values()].join();
  for (const [path, { snapshots }] of ceph.images)
    for (const { name, kind } of snapshots)
      if (kind === 'user' && !known.includes(`"${name}"`)) t.fail(`${context}: ${path}@${name}`);
}

async function createWhateverIsLeft(controller: Controller, name: string): Promise<void> {
  const make = () => create(controller, name, { sizeBytes: 7n * MIB });
  const answer = await make().catch((error: unknown) => error);
  if (!(answer instanceof VolumeError)) return;
  // What was cut short was a deletion or an undeletion, or else it is finished and has another size.
  if (answer.kind === 'deletion-pending') await remove(controller, name);
  else if (answer.kind === 'being-restored') await undeleteVolume(controller, handleOf(name), '');
  else if (answer.code !== 'ALREADY_EXISTS') throw answer;
}

/** The CSI name in the id of a snapshot whose name is a slug. */
const nameIn = (snapshotId: string) => /@([a-z0-9]+)-/.exec(snapshotId)?.[1];
