import type { Controller } from '../controller.js';
import { fail } from '../errors.js';
import { formatHandle } from '../handle.js';
import { DELETING_KEY, DISCARDED_KEY, isDiscarded, PUBLISHED_KEY } from '../marks.js';
import { formatRecord, ownRecord, parseRecord, RECORD_KEY } from '../record.js';
import type { Cluster, Image, StoredTask } from '../store.js';
import { MOST_PARENTS } from '../work/depth.js';
import { taskOf } from '../work/tasks.js';
import { type Claim, formatClaim, helperTasks } from './claim.js';
import { awaitMaker, clearRemains, discard, discardReplaced, type Found } from './discard.js';
import { giveUp } from './give-up.js';
import { growClone, isUntouched, type Made, makeImage } from './make.js';
import type { Origin } from './origin.js';
import type { Plan } from './plan.js';

/** From the claim to the commit; false where another controller got in between and all must be read anew. */
export async function complete(
  controller: Controller,
  cluster: Cluster,
  plan: Plan,
  claim: Claim,
  origin: Origin | undefined,
): Promise<boolean> {
  const { handle } = plan;
  const parents = origin === undefined ? 0 : 1 + origin.parents;
  await discardReplaced(controller, cluster, plan.key, claim, handle);
  const made = await makeImage(controller, cluster, plan, claim, origin).catch((error: unknown) =>
    giveUp(controller, cluster, plan, claim, error),
  );
  if (made === 'superseded') return false;
  const { image, remains }: Found =
    made === 'created'
      ? { image: await cluster.readImage(handle) }
      : await awaitMaker(controller, cluster, handle);
  if (image === undefined) {
    await clearRemains(controller, cluster, handle, remains);
    return false;
  }
  const text = formatRecord({ ...claim.pending, image: image.id });
  const kept = image.metadata.get(RECORD_KEY);
  if (kept !== text || isDiscarded(image)) {
    // What a clone inherited is not a record of its own.
    const record = parseRecord(kept);
    const own = record === undefined ? kept : ownRecord(image) && kept;
    const isLost = isDiscarded(image);
    if (!isLost && own === undefined && (await isOwn(cluster, claim, image, made, origin))) {
      await growClone(controller, cluster, plan, claim, image);
      if ((await writeRecord(controller, cluster, plan, image, text)) !== 'swapped') return false;
    } else {
      if (!isLost && !isLeftOver(own, claim)) alien(plan, formatHandle(handle));
      await discard(controller, cluster, plan.key, handle, image, claim.pending);
      return false;
    }
  }
  return commit(controller, cluster, plan, claim, image, parents, text);
}

/** Sets the record, once, and takes away what a clone inherited of its source's marks. */
function writeRecord(
  controller: Controller,
  cluster: Cluster,
  { handle }: Plan,
  image: Image,
  text: string,
) {
  const inherited = [PUBLISHED_KEY, DELETING_KEY].filter((key) => image.metadata.has(key));
  const expected = [RECORD_KEY, DISCARDED_KEY, ...inherited];
  return controller.effect('create/write-record', () =>
    cluster.swapMetadata(
      handle,
      image.id,
      Object.fromEntries(expected.map((key) => [key, image.metadata.get(key)])),
      { [RECORD_KEY]: text, ...Object.fromEntries(inherited.map((key) => [key, undefined])) },
    ),
  );
}

async function commit(
  controller: Controller,
  cluster: Cluster,
  { key, handle }: Plan,
  claim: Claim,
  image: Image,
  parents: number,
  text: string,
): Promise<boolean> {
  const put: Array<Pick<StoredTask, 'id' | 'value'>> = helperTasks(claim);
  if (parents > MOST_PARENTS) {
    const { pool, namespace } = handle;
    const place = { pool, namespace, imageId: image.id };
    put.push(taskOf({ kind: 'flatten', ...place, handle: formatHandle(handle), percent: 0 }));
  }
  const committed = await controller.effect('create/commit-name', () =>
    cluster.names.swap(key, formatClaim(claim), text, { put }),
  );
  if (committed === 'swapped') {
    for (const task of put) controller.work.add(cluster.name, 'names', { key, ...task });
    return true;
  }
  if ((await cluster.names.read(key)) === text) return true;
  const written = { ...image, metadata: new Map([[RECORD_KEY, text]]) };
  await discard(controller, cluster, key, handle, written, claim.pending);
  return false;
}

/**
 * True for an image without a record that this claim's creation made, in this call or in one that was cut short.
 * A claim that was replaced may have made one of another layout, and one that holds data is nobody's creation.
 */
async function isOwn(
  cluster: Cluster,
  { pending, replaces }: Claim,
  image: Image,
  made: Made,
  origin: Origin | undefined,
): Promise<boolean> {
  const size = BigInt(pending.sizeBytes);
  if (origin === undefined ? image.sizeBytes !== size : image.sizeBytes > size) return false;
  if (made === 'created') return true;
  if (replaces.some((dead) => dead.handle === pending.handle)) return false;
  return isUntouched(cluster, pending.handle, image, origin);
}

/** True for an image that a creation left which this claim replaced, or that nobody ever finished. */
function isLeftOver(kept: string | undefined, claim: Claim): boolean {
  if (kept === undefined) return true;
  const record = parseRecord(kept);
  return record !== undefined && claim.replaces.some((dead) => dead.claim === record.claim);
}

function alien(plan: Plan, volume: string): never {
  fail('volume-exists', {
    name: plan.name,
    volume,
    difference: 'a record that does not agree with the name index',
  });
}
