import type { Controller } from '../controller.js';
import { fail } from '../errors.js';
import { parseHandle } from '../handle.js';
import { isBeingDeleted } from '../marks.js';
import { RECORD_KEY } from '../record.js';
import type { Cluster, Image, ImageLayout } from '../store.js';
import { onceMore } from '../work/tasks.js';
import { type Claim, formatClaim, type Helper } from './claim.js';
import type { Origin } from './origin.js';
import type { Plan } from './plan.js';

/** 'superseded': the claim is another one's by now, or was committed by a call that asks for the same. */
export type Made = 'created' | 'exists' | 'superseded';

/** Makes the image that a claim is for: blank, or as a clone of its source. */
export async function makeImage(
  controller: Controller,
  cluster: Cluster,
  plan: Plan,
  claim: Claim,
  origin: Origin | undefined,
): Promise<Made> {
  const { handle, parameters } = plan;
  const layout: ImageLayout = {
    ...parameters,
    features: parameters.imageFeatures,
    sizeBytes: BigInt(claim.pending.sizeBytes),
  };
  if (origin === undefined)
    return controller.effect('create/create-image', () => cluster.createImage(handle, layout));
  const snapshot = origin.snapshot ?? (await snapSource(controller, cluster, plan, claim, origin));
  if (snapshot === undefined) return 'superseded';
  const { pool, namespace, imageId } = origin;
  const made = await controller.effect('create/clone-image', () =>
    cluster.cloneImage({ pool, namespace, imageId, snapshot }, handle, layout),
  );
  return made === 'gone' ? sourceGone(plan) : made;
}

/** Takes the snapshot through which a volume is cloned; undefined where the claim is lost. */
async function snapSource(
  controller: Controller,
  cluster: Cluster,
  plan: Plan,
  claim: Claim,
  origin: Origin,
): Promise<string | undefined> {
  const { helper } = claim;
  if (helper === undefined) return sourceGone(plan);
  const taken = await controller.effect('create/snap-source', () =>
    cluster.takeSnapshot(origin, origin.imageId, helper.snapshot),
  );
  if (taken === 'gone') return sourceGone(plan);
  // A deletion marks the image before it looks for snapshots, and a claim that replaces this one has its snapshot
  // removed: of the two at least one sees the other.
  const [image, entry] = await Promise.all([
    cluster.readImageById(origin, origin.imageId),
    cluster.names.read(plan.key),
  ]);
  if (entry !== formatClaim(claim)) {
    await leaveHelper(controller, cluster, plan.key, helper);
    return undefined;
  }
  if (image === undefined) return sourceGone(plan);
  if (isBeingDeleted(image)) fail('being-deleted', { volume: plan.source?.id ?? '' });
  return helper.snapshot;
}

/** Leaves the removal of a snapshot that another claim knows nothing of to the background. */
async function leaveHelper(
  controller: Controller,
  cluster: Cluster,
  key: string,
  helper: Helper,
): Promise<void> {
  const task = onceMore({ kind: 'snapshot', ...helper });
  await controller.effect('create/leave-helper', () =>
    cluster.names.swapTask({ key, id: task.id }, undefined, task.value),
  );
  controller.work.add(cluster.name, 'names', { key, ...task });
}

function sourceGone({ source }: Plan): never {
  if (source?.kind === 'snapshot') fail('snapshot-not-found', { snapshot: source.id });
  fail('volume-not-found', { volume: source?.id ?? '' });
}

/** Makes a clone as large as the claim says; its file system grows when it is staged first. */
export async function growClone(
  controller: Controller,
  cluster: Cluster,
  { handle }: Plan,
  { pending }: Claim,
  image: Image,
): Promise<void> {
  const size = BigInt(pending.sizeBytes);
  if (image.sizeBytes < size)
    await controller.effect('create/grow-clone', () => cluster.growImage(handle, size));
}

/** True for an image that holds nothing but what its creation put there, and all of that. */
export async function isUntouched(
  cluster: Cluster,
  volumeId: string,
  { parent, metadata }: Image,
  origin: Origin | undefined,
): Promise<boolean> {
  const handle = parseHandle(volumeId);
  if (handle === undefined || parent?.imageId !== origin?.imageId) return false;
  if (
    parent !== undefined &&
    (parent.pool !== origin?.pool || parent.namespace !== origin?.namespace)
  )
    return false;
  // librbd copies the source's metadata last: over what anybody wrote into a clone that is not whole.
  if (origin !== undefined && !metadata.has(RECORD_KEY)) return false;
  return cluster.isBlank(handle);
}
