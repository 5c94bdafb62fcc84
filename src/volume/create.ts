import { type Capability, unsupported } from './capability.js';
import type { Controller, Volume } from './controller.js';
import { clearRemains, discard, discardReplaced } from './discard.js';
import { type ErrorCode, fail, VolumeError } from './errors.js';
import { findImage } from './find.js';
import { formatHandle, HANDLE_MAX_BYTES, parseHandle, type VolumeHandle } from './handle.js';
import { imageName, nameKey } from './name.js';
import { type Parameters, readParameters } from './parameters.js';
import {
  type Claim,
  DELETING_KEY,
  formatClaim,
  formatRecord,
  isDiscarded,
  layoutText,
  newRecord,
  parseClaim,
  parseRecord,
  publishedNodesOf,
  RECORD_KEY,
  type VolumeRecord,
} from './record.js';
import { type CapacityRange, fits, sizeFor } from './size.js';
import type { Cluster, Credentials, Image } from './store.js';

export interface CreateRequest {
  readonly name: string;
  readonly range: CapacityRange;
  readonly capabilities: readonly Capability[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly credentials: Credentials | undefined;
}

/** A request after its checks: the very image that it asks for. */
interface Plan {
  readonly name: string;
  readonly key: string;
  readonly handle: VolumeHandle;
  readonly parameters: Parameters;
  readonly layout: string;
  readonly sizeBytes: bigint;
  readonly range: CapacityRange;
}

/** How often another controller may get in between before the caller is asked to come again. */
const ROUNDS = 16;
const NAME_MAX_BYTES = 128;

/**
 * CreateVolume. The name is claimed in the name index; the image is created under the name derived from it;
 * its record is written into its metadata; and turning the claim into that record commits the volume. Every
 * step is a compare-and-set or refuses to overwrite, so of controllers that race one commits, and after a
 * crash between two steps the next call with that name completes the volume or takes the name over.
 */
export async function createVolume(
  controller: Controller,
  request: CreateRequest,
): Promise<Volume> {
  const plan = planVolume(controller, request);
  const cluster = controller.clusters.get(plan.handle.cluster, request.credentials);
  let claimed = false;
  for (let round = 0; round < ROUNDS; round++) {
    const found = await cluster.readName(plan.key);
    const finished = await findFinished(cluster, plan, found);
    if (finished !== undefined) return finished;
    const there = parseClaim(found);
    if (found && there === undefined && parseRecord(found) === undefined)
      fail('volume-exists', {
        name: plan.name,
        volume: formatHandle(plan.handle),
        difference: 'an entry in the name index that this version cannot read',
      });
    let claim = there;
    if (there === undefined || !samePlan(there.pending, plan)) {
      // A claim that was taken from this call is not taken back: the other one is alive.
      if (claimed && there !== undefined) break;
      claim = await claimName(controller, cluster, plan, found, there);
    }
    claimed ||= claim !== undefined;
    if (claim !== undefined && (await complete(controller, cluster, plan, claim)))
      return {
        handle: plan.handle,
        name: plan.name,
        sizeBytes: BigInt(claim.pending.sizeBytes),
        publishedNodes: [],
      };
  }
  fail('superseded', { volume: formatHandle(plan.handle) });
}

/** Checks a request and derives its image, without a word to Ceph. Exported for the queue's keys. */
export function planVolume(controller: Pick<Controller, 'clusters'>, request: CreateRequest): Plan {
  const { name, range } = request;
  checkName(name);
  const parameters = readParameters(request.parameters, controller.clusters);
  for (const [index, capability] of request.capabilities.entries()) {
    const problem = unsupported(capability);
    if (problem !== undefined)
      fail('unsupported-capability', { field: `volume_capabilities[${index}]`, problem });
  }
  const { cluster, pool, namespace, namePrefix } = parameters;
  const handle = { cluster, pool, namespace, image: imageName(name, namePrefix) };
  if (Buffer.byteLength(formatHandle(handle)) > HANDLE_MAX_BYTES)
    fail('invalid-field', {
      field: 'parameters',
      problem: `the handle "${formatHandle(handle)}" is over ${HANDLE_MAX_BYTES} bytes: use a shorter pool, namespace or namePrefix`,
    });
  return {
    name,
    key: nameKey(name),
    handle,
    parameters,
    layout: layoutText(parameters),
    sizeBytes: sizeFor(range),
    range,
  };
}

function checkName(name: string): void {
  if (Buffer.byteLength(name) > NAME_MAX_BYTES)
    fail('invalid-field', { field: 'name', problem: `is over ${NAME_MAX_BYTES} bytes` });
  if (/\p{Cc}/u.test(name))
    fail('invalid-field', { field: 'name', problem: 'holds a control character' });
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
  if (image.metadata.get(RECORD_KEY) !== found) alien(plan, record.handle);
  if (image.metadata.has(DELETING_KEY)) fail('deletion-pending', { volume: record.handle });
  const difference = differs(plan, record, image);
  if (difference !== undefined)
    fail('volume-exists', { name: plan.name, volume: record.handle, difference });
  return {
    handle,
    name: record.name,
    sizeBytes: image.sizeBytes,
    publishedNodes: publishedNodesOf(image),
  };
}

/** Takes the name, from nobody, from a deleted volume or from a creation with other wishes that never ended. */
async function claimName(
  controller: Controller,
  cluster: Cluster,
  plan: Plan,
  found: string | undefined,
  replaced: Claim | undefined,
): Promise<Claim | undefined> {
  const claim: Claim = {
    pending: newRecord(plan.name, plan.handle, plan.sizeBytes, plan.layout),
    replaces:
      replaced === undefined
        ? []
        : [
            ...replaced.replaces,
            { claim: replaced.pending.claim, handle: replaced.pending.handle },
          ],
  };
  const swapped = await controller.effect('create/claim-name', () =>
    cluster.swapName(plan.key, found, formatClaim(claim)),
  );
  return swapped === 'swapped' ? claim : undefined;
}

/** From the claim to the commit; false where another controller got in between and all must be read anew. */
async function complete(
  controller: Controller,
  cluster: Cluster,
  plan: Plan,
  claim: Claim,
): Promise<boolean> {
  const { handle, parameters } = plan;
  const text = formatRecord(claim.pending);
  await discardReplaced(controller, cluster, claim, handle);
  const layout = {
    ...parameters,
    features: parameters.imageFeatures,
    sizeBytes: BigInt(claim.pending.sizeBytes),
  };
  const made = await controller
    .effect('create/create-image', () => cluster.createImage(handle, layout))
    .catch((error: unknown) => giveUp(cluster, plan, claim, error));
  const image = await cluster.readImage(handle);
  if (image === undefined) {
    if (made === 'exists') await clearRemains(controller, cluster, handle);
    return false;
  }
  const kept = image.metadata.get(RECORD_KEY);
  if (kept === undefined && (await isOwn(cluster, claim, image, made))) {
    const written = await controller.effect('create/write-record', () =>
      cluster.swapMetadata(handle, image.id, { [RECORD_KEY]: undefined }, { [RECORD_KEY]: text }),
    );
    if (written !== 'swapped') return false;
  } else if (kept !== text) {
    if (!isLeftOver(kept, claim)) alien(plan, formatHandle(handle));
    await discard(controller, cluster, handle, image, claim.pending);
    return false;
  }
  const committed = await controller.effect('create/commit-name', () =>
    cluster.swapName(plan.key, formatClaim(claim), text),
  );
  if (committed === 'swapped' || (await cluster.readName(plan.key)) === text) return true;
  await discard(
    controller,
    cluster,
    handle,
    { ...image, metadata: new Map([[RECORD_KEY, text]]) },
    claim.pending,
  );
  return false;
}

/** Answers of a cluster that made nothing. Others leave it open, and the claim says what is to be looked at. */
const REFUSALS: readonly ErrorCode[] = ['INVALID_ARGUMENT', 'OUT_OF_RANGE', 'RESOURCE_EXHAUSTED'];

/** Lets go of the name where no image can be made as it is asked for, so that nothing is left of the call. */
async function giveUp(cluster: Cluster, plan: Plan, claim: Claim, error: unknown): Promise<never> {
  if (error instanceof VolumeError && REFUSALS.includes(error.code))
    await cluster.swapName(plan.key, formatClaim(claim), undefined).catch(() => undefined);
  throw error;
}

/**
 * True for an image without a record that this claim's creation made, in this call or in one that was cut short.
 * A claim that was replaced may have made one of another layout, and one that holds data is nobody's creation.
 */
async function isOwn(
  cluster: Cluster,
  { pending, replaces }: Claim,
  image: Image,
  made: 'created' | 'exists',
): Promise<boolean> {
  if (image.sizeBytes !== BigInt(pending.sizeBytes)) return false;
  if (made === 'created') return true;
  if (replaces.some((dead) => dead.handle === pending.handle)) return false;
  const handle = parseHandle(pending.handle);
  return handle !== undefined && (await cluster.isBlank(handle));
}

/** True for an image that a creation left which this claim replaced, or that nobody ever finished. */
function isLeftOver(kept: string | undefined, claim: Claim): boolean {
  if (kept === undefined) return true;
  const record = parseRecord(kept);
  return (
    record !== undefined &&
    (isDiscarded(record) || claim.replaces.some((dead) => dead.claim === record.claim))
  );
}

function alien(plan: Plan, volume: string): never {
  fail('volume-exists', {
    name: plan.name,
    volume,
    difference: 'a record that does not agree with the name index',
  });
}

function samePlan(record: VolumeRecord, plan: Plan): boolean {
  return (
    record.handle === formatHandle(plan.handle) &&
    record.layout === plan.layout &&
    fits(BigInt(record.sizeBytes), plan.range)
  );
}

function differs(plan: Plan, record: VolumeRecord, image: Image): string | undefined {
  if (record.name !== plan.name) return `the name "${record.name}"`;
  const asked = formatHandle(plan.handle);
  if (record.handle !== asked) return `another place than "${asked}"`;
  if (record.layout !== plan.layout)
    return `parameters "${record.layout}" instead of "${plan.layout}"`;
  if (!fits(image.sizeBytes, plan.range))
    return `${image.sizeBytes} bytes instead of ${plan.sizeBytes}`;
  return undefined;
}
