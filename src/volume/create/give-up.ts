import type { Controller } from '../controller.js';
import { type ErrorCode, VolumeError } from '../errors.js';
import { findImage } from '../find.js';
import { isDiscarded } from '../marks.js';
import { ownRecord } from '../record.js';
import type { Cluster } from '../store.js';
import { type Claim, formatClaim, helperTasks, newClaimOf } from './claim.js';
import { discard, discardReplaced } from './discard.js';
import type { Plan } from './plan.js';

/** Answers of a cluster that made nothing. Others leave it open, and the claim says what is to be looked at. */
const REFUSALS: readonly ErrorCode[] = [
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'FAILED_PRECONDITION',
  'OUT_OF_RANGE',
  'RESOURCE_EXHAUSTED',
];

/**
 * Lets go of the name where no image can be made as it is asked for, so that nothing is left of the call, nor of an
 * earlier one that was cut short. A claim that is lost by then decides nothing: a call that asks for the same may
 * have made the volume.
 */
export async function giveUp(
  controller: Controller,
  cluster: Cluster,
  plan: Plan,
  claim: Claim,
  error: unknown,
): Promise<'superseded'> {
  if (error instanceof VolumeError && isRefusal(error)) {
    const released = await letGo(controller, cluster, plan, claim).catch(() => 'unknown');
    if (released === 'differs') return 'superseded';
  }
  throw error;
}

/** A snapshot that was cut short can never be cloned: the next call needs another one. */
function isRefusal({ kind, code }: VolumeError): boolean {
  return REFUSALS.includes(code) || kind === 'snapshot-cut-short';
}

async function letGo(controller: Controller, cluster: Cluster, plan: Plan, claim: Claim) {
  const mayHaveLeft = claim.replaces.length > 0 || (await isThere(cluster, plan));
  const own = mayHaveLeft ? await discardUnfinished(controller, cluster, plan, claim) : claim;
  if (own === undefined) return 'differs';
  const { key } = plan;
  const put = helperTasks(own);
  const released = await controller.effect('create/give-up', () =>
    cluster.names.swap(key, formatClaim(own), undefined, { put }),
  );
  if (released === 'swapped')
    for (const task of put) controller.work.add(cluster.name, 'names', { key, ...task });
  return released;
}

async function isThere(cluster: Cluster, { handle }: Plan): Promise<boolean> {
  return (await findImage(cluster, handle)) !== undefined;
}

/**
 * Takes away a clone that an earlier try of this claim made: its source is gone since. The claim is replaced first,
 * so that a call that is alive cannot commit the image any more. Answers the new one, or undefined where the claim
 * was lost.
 */
async function discardUnfinished(
  controller: Controller,
  cluster: Cluster,
  { key, handle }: Plan,
  claim: Claim,
): Promise<Claim | undefined> {
  const own = newClaimOf(claim.pending, undefined, claim);
  const swapped = await controller.effect('create/claim-name', () =>
    cluster.names.swap(key, formatClaim(claim), formatClaim(own)),
  );
  if (swapped !== 'swapped') return undefined;
  await discardReplaced(controller, cluster, key, own, handle);
  const image = await findImage(cluster, handle);
  if (image === undefined) return own;
  const record = ownRecord(image);
  const isUnfinished =
    record === undefined
      ? image.parent !== undefined && (await cluster.isBlank(handle))
      : own.replaces.some((dead) => dead.claim === record.claim);
  if (isUnfinished || isDiscarded(image))
    await discard(controller, cluster, key, handle, image, own.pending);
  return own;
}
