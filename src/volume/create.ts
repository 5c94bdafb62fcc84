import { type Capability, unsupported } from './capability.js';
import type { Controller, Volume } from './controller.js';
import { fail } from './errors.js';
import { formatHandle, HANDLE_MAX_BYTES, parseHandle, type VolumeHandle } from './handle.js';
import { imageName, nameKey } from './name.js';
import { type Parameters, readParameters } from './parameters.js';
import {
  formatRecord,
  layoutText,
  newRecord,
  parseRecord,
  publicationsOf,
  RECORD_KEY,
  recordOf,
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
const ROUNDS = 8;
const NAME_MAX_BYTES = 128;

/**
 * CreateVolume. The name is claimed in the name index, the image is created under the name derived from it,
 * and the record written into the image's metadata commits it. Each step refuses to overwrite what another
 * controller did; after a crash between two of them the next call with that name completes the volume.
 */
export async function createVolume(
  controller: Controller,
  request: CreateRequest,
): Promise<Volume> {
  const plan = planVolume(controller, request);
  const cluster = controller.clusters.get(plan.handle.cluster, request.credentials);
  for (let round = 0; round < ROUNDS; round++) {
    const volume = await attempt(controller, cluster, plan);
    if (volume !== undefined) return volume;
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

/** One round: the volume, or undefined where another controller changed something and all must be read anew. */
async function attempt(
  controller: Controller,
  cluster: Cluster,
  plan: Plan,
): Promise<Volume | undefined> {
  const found = await cluster.readName(plan.key);
  const holder = parseRecord(found);
  if (found !== undefined && holder !== undefined) {
    const handle = parseHandle(holder.handle);
    const image = handle && (await cluster.readImage(handle));
    if (handle !== undefined && image !== undefined && recordOf(image, handle) !== undefined)
      return compatible(plan, holder, handle, image);
    if (samePlan(holder, plan)) return complete(controller, cluster, plan, found, holder);
    if (handle !== undefined && image !== undefined)
      await discard(controller, cluster, handle, image, found);
  }
  const record = newRecord(plan.name, plan.handle, plan.sizeBytes, plan.layout);
  const claimed = await controller.effect('create/claim-name', () =>
    cluster.swapName(plan.key, found, formatRecord(record)),
  );
  if (claimed === 'differs') return undefined;
  return complete(controller, cluster, plan, formatRecord(record), record);
}

/** From the claim to the committed image. */
async function complete(
  controller: Controller,
  cluster: Cluster,
  plan: Plan,
  claim: string,
  record: VolumeRecord,
): Promise<Volume | undefined> {
  const { handle, parameters } = plan;
  const sizeBytes = BigInt(record.sizeBytes);
  await controller.effect('create/create-image', () =>
    cluster.createImage(handle, { ...parameters, features: parameters.imageFeatures, sizeBytes }),
  );
  const image = await cluster.readImage(handle);
  if (image === undefined) return undefined;
  const kept = image.metadata.get(RECORD_KEY);
  if (kept !== undefined && kept !== claim) {
    // The index lost its entry for a finished volume: the image's record is the truth.
    if (recordOf(image, handle) === undefined) alien(handle);
    await controller.effect('create/claim-name', () => cluster.swapName(plan.key, claim, kept));
    return undefined;
  }
  if (kept === undefined) {
    if (image.sizeBytes !== sizeBytes) alien(handle);
    const written = await controller.effect('create/write-record', () =>
      cluster.swapMetadata(handle, image.id, { [RECORD_KEY]: undefined }, { [RECORD_KEY]: claim }),
    );
    if (written !== 'swapped') return undefined;
  }
  // Another controller may have taken an unfinished claim over while this one was at work.
  if ((await cluster.readName(plan.key)) !== claim) return undefined;
  return { handle, name: plan.name, sizeBytes, publishedNodes: [] };
}

function alien(handle: VolumeHandle): never {
  fail('volume-exists', {
    name: handle.image,
    volume: formatHandle(handle),
    difference: 'a record or a size that is not of this creation',
  });
}

function samePlan(record: VolumeRecord, plan: Plan): boolean {
  return (
    record.handle === formatHandle(plan.handle) &&
    record.layout === plan.layout &&
    fits(BigInt(record.sizeBytes), plan.range)
  );
}

/** The finished volume that has the name already, if it is what is asked for. */
function compatible(plan: Plan, record: VolumeRecord, handle: VolumeHandle, image: Image): Volume {
  const difference = differs(plan, record, image);
  if (difference !== undefined)
    fail('volume-exists', { name: plan.name, volume: record.handle, difference });
  return {
    handle,
    name: record.name,
    sizeBytes: image.sizeBytes,
    publishedNodes: Object.keys(publicationsOf(image)),
  };
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

/**
 * Takes away the image of a creation that was cut short and that nobody was ever told of, so that its name
 * can be used for another request. It gets its record first: the purge recognises it by that.
 */
async function discard(
  controller: Controller,
  cluster: Cluster,
  handle: VolumeHandle,
  image: Image,
  claim: string,
): Promise<void> {
  if (!(await cluster.isBlank(handle))) alien(handle);
  await cluster.swapMetadata(
    handle,
    image.id,
    { [RECORD_KEY]: undefined },
    { [RECORD_KEY]: claim },
  );
  await controller.effect('delete/trash-image', () => cluster.trashImage(handle));
  controller.purge.add(cluster, handle, image.id);
}
