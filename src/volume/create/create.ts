import { refuseOverQuota } from '../capacity.js';
import type { Controller, Volume } from '../controller.js';
import { freeingOfUnnamed } from '../delete/freeing.js';
import { parseRestoring } from '../delete/restoring.js';
import { fail } from '../errors.js';
import { findImage } from '../find.js';
import { formatHandle, parseHandle } from '../handle.js';
import { ownerWords } from '../host.js';
import { isBeingDeleted, publishedNodesOf } from '../marks.js';
import { parseRecord, RECORD_KEY, type VolumeRecord } from '../record.js';
import { fits, sizeFor, sizeFrom } from '../size.js';
import { formatSource, parseSource } from '../source.js';
import type { Cluster, Image } from '../store.js';
import { type Claim, formatClaim, newClaimOf, parseClaim } from './claim.js';
import { complete } from './complete.js';
import { giveUp } from './give-up.js';
import { findOrigin, type Origin } from './origin.js';
import { type CreateRequest, type Plan, planVolume } from './plan.js';

/** How often another controller may get in between before the caller is asked to come again. */
const ROUNDS = 16;
/** A snapshot that an earlier try took of a source volume is not used after so long, in milliseconds. */
const STALE_MS = 600_000;

/**
 * CreateVolume. The name is claimed in the name index; the image is created, or cloned from its source, under the
 * name derived from it; its record is written into its metadata; and turning the claim into that record commits
 * the volume. Every step is a compare-and-set or refuses to overwrite, so of controllers that race one commits, and
 * after a crash between two steps the next call with that name completes the volume or takes the name over.
 */
export async function createVolume(
  controller: Controller,
  request: CreateRequest,
): Promise<Volume> {
  const plan = planVolume(controller, request);
  const cluster = controller.clusters.get(plan.handle.cluster, request.credentials);
  let claimed = false;
  for (let round = 0; round < ROUNDS; round++) {
    const found = await cluster.names.read(plan.key);
    const finished = await findFinished(cluster, plan, found);
    if (finished !== undefined) return finished;
    const restoring = parseRestoring(found);
    if (restoring !== undefined) fail('being-restored', { volume: restoring.record.handle });
    const there = parseClaim(found);
    if (found && there === undefined && parseRecord(found) === undefined)
      fail('volume-exists', {
        name: plan.name,
        volume: formatHandle(plan.handle),
        difference: 'an entry in the name index that this version cannot read',
      });
    const origin = await findOrigin(cluster, plan.source).catch((error: unknown) => {
      // What an earlier try of the same left must not wait for a source that is gone.
      if (there?.pending.source !== formatSource(plan.source)) throw error;
      return giveUp(controller, cluster, plan, there, error);
    });
    if (origin === 'superseded') continue;
    let claim = there;
    if (there === undefined || !isSamePlan(there, plan, origin)) {
      // A claim that was taken from this call is not taken back: the other one is alive.
      if (claimed && there !== undefined) break;
      claim = await claimName(controller, cluster, plan, origin, found, there);
    }
    claimed ||= claim !== undefined;
    if (claim !== undefined && there === undefined)
      await refuseOverQuota(controller, cluster, plan.handle.pool).catch((error: unknown) =>
        giveUp(controller, cluster, plan, claim as Claim, error),
      );
    if (claim !== undefined && (await complete(controller, cluster, plan, claim, origin))) {
      const made = {
        handle: plan.handle,
        name: plan.name,
        host: claim.pending.host,
        sizeBytes: BigInt(claim.pending.sizeBytes),
        publishedNodes: [],
        source: plan.source,
      };
      controller.remembered?.made(made);
      return made;
    }
  }
  fail('superseded', { volume: formatHandle(plan.handle) });
}

/** The volume that the name index has committed, if it is what is asked for; undefined where there is none. */
async function findFinished(
  cluster: Cluster,
  plan: Plan,
  found: string | undefined,
): Promise<Volume | undefined> {
  const record = parseRecord(found);
  const handle = record && parseHandle(record.handle);
  if (record === undefined || handle === undefined) return undefined;
  const image = await findImage(cluster, handle);
  // An entry without an image is what a deletion leaves that was cut short.
  if (image === undefined) return undefined;
  if (image.metadata.get(RECORD_KEY) !== found)
    fail('volume-exists', {
      name: plan.name,
      volume: record.handle,
      difference: 'a record that does not agree with the name index',
    });
  if (isBeingDeleted(image)) fail('deletion-pending', { volume: record.handle });
  const difference = differs(plan, record, image);
  if (difference !== undefined)
    fail('volume-exists', { name: plan.name, volume: record.handle, difference });
  return {
    handle,
    name: record.name,
    host: record.host,
    sizeBytes: image.sizeBytes,
    publishedNodes: publishedNodesOf(image),
    source: parseSource(record.source),
  };
}

/** Takes the name, from nobody, from a deleted volume or from a creation with other wishes that never ended. */
async function claimName(
  controller: Controller,
  cluster: Cluster,
  plan: Plan,
  origin: Origin | undefined,
  found: string | undefined,
  replaced: Claim | undefined,
): Promise<Claim | undefined> {
  const { name, handle, layout, range, host } = plan;
  const size = origin === undefined ? sizeFor(range) : sizeFrom(origin.sizeBytes, range);
  const planned = {
    version: 1 as const,
    name,
    handle: formatHandle(handle),
    sizeBytes: size.toString(),
    layout,
    source: formatSource(plan.source),
    host,
  };
  const ofVolume = plan.source?.kind === 'volume' ? origin : undefined;
  const claim = newClaimOf(planned, ofVolume, replaced);
  const deleted = parseRecord(found);
  const put = deleted === undefined ? [] : await freeingOfUnnamed(controller, cluster, deleted);
  const swapped = await controller.effect('create/claim-name', () =>
    cluster.names.swap(plan.key, found, formatClaim(claim), { put }),
  );
  if (swapped !== 'swapped') return undefined;
  for (const task of put) controller.work.add(cluster.name, 'names', { key: plan.key, ...task });
  return claim;
}

/** True for a claim that asks for the same, so that this call can go on with it. */
function isSamePlan(
  { pending, helper, since }: Claim,
  plan: Plan,
  origin: Origin | undefined,
): boolean {
  if (
    pending.handle !== formatHandle(plan.handle) ||
    pending.layout !== plan.layout ||
    pending.source !== formatSource(plan.source) ||
    (plan.host !== undefined && pending.host !== plan.host) ||
    !fits(BigInt(pending.sizeBytes), plan.range)
  )
    return false;
  if (helper === undefined) return true;
  return helper.imageId === origin?.imageId && Date.now() - since < STALE_MS;
}

function differs(plan: Plan, record: VolumeRecord, image: Image): string | undefined {
  if (record.name !== plan.name) return `the name "${record.name}"`;
  const asked = formatHandle(plan.handle);
  if (record.handle !== asked) return `another place than "${asked}"`;
  if (record.layout !== plan.layout)
    return `parameters "${record.layout}" instead of "${plan.layout}"`;
  if (record.source !== formatSource(plan.source))
    return record.source === '' ? 'no content source' : `the content source ${record.source}`;
  if (plan.host !== undefined && record.host !== plan.host) return ownerWords(record);
  if (!fits(image.sizeBytes, plan.range))
    return `${image.sizeBytes} bytes, which is not the size that is asked for`;
  return undefined;
}
