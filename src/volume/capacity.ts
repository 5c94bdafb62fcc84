import { type Capability, unsupported } from './capability.js';
import type { Controller } from './controller.js';
import { parseClaim } from './create/claim.js';
import { parseRestoring } from './delete/restoring.js';
import { fail } from './errors.js';
import { findImage } from './find.js';
import { parseHandle } from './handle.js';
import { isOwn } from './host.js';
import { type Parameters, readParameters } from './parameters.js';
import { type PlannedVolume, parseRecord, recordOf } from './record.js';
import type { Cluster } from './store.js';

/** Index entries read at a time, and images looked at together. */
const BATCH = 128;
/** Capacities are told in whole MiB: Mesos counts in MB, and would round what is over them up. */
const MEBIBYTE_BITS = 20n;

export interface CapacityRequest {
  readonly parameters: Readonly<Record<string, string>>;
  readonly capabilities: readonly Capability[];
}

/**
 * GetCapacity, in bytes: what the pool that the parameters name can still take, and at most what the quota leaves that
 * the configuration gives it. It counts what volumes were promised, not what was written, so that it does not grow
 * back; what was never known counts as nothing. Fails where the request is a mistake.
 */
export async function getCapacity(
  controller: Controller,
  { parameters: given, capabilities }: CapacityRequest,
): Promise<bigint> {
  const { clusters, remembered } = controller;
  for (const [index, capability] of capabilities.entries()) {
    const problem = unsupported(capability);
    if (problem !== undefined)
      fail('unsupported-capability', { field: `volume_capabilities[${index}]`, problem });
  }
  const parameters = readParameters(given, clusters);
  const { cluster: name, pool } = parameters;
  const cluster = clusters.get(name);
  const quota = clusters.quota(name, pool);
  const readRoom = () => room(cluster, parameters);
  const readProvisioned = () => provisionedBytes(controller, cluster, pool);
  const [available, provisioned] = await Promise.all([
    remembered?.available(name, placeWords(parameters), readRoom) ?? readRoom(),
    quota === undefined
      ? 0n
      : (remembered?.provisioned(name, pool, readProvisioned) ?? readProvisioned()),
  ]);
  if (available === undefined || provisioned === undefined) return 0n;
  const promised = quota === undefined ? available : quota - provisioned;
  const left = promised < available ? promised : available;
  return left <= 0n ? 0n : (left >> MEBIBYTE_BITS) << MEBIBYTE_BITS;
}

/** Where a volume would be, in words. */
function placeWords({ pool, namespace, dataPool }: Parameters): string {
  return [
    `pool "${pool}"`,
    ...(namespace === '' ? [] : [`namespace "${namespace}"`]),
    ...(dataPool === undefined ? [] : [`data pool "${dataPool}"`]),
  ].join(', ');
}

/**
 * Fails with quota-used-up where the volumes of a pool, begun ones among them, would be more than its quota with so
 * many bytes more.
 */
export async function refuseOverQuota(
  controller: Controller,
  cluster: Cluster,
  pool: string,
  more = 0n,
): Promise<void> {
  const quota = controller.clusters.quota(cluster.name, pool);
  if (quota === undefined) return;
  const bytes = (await provisionedBytes(controller, cluster, pool)) + more;
  if (bytes > quota)
    fail('quota-used-up', {
      ...{ pool, cluster: cluster.name },
      ...{ quota: quota.toString(), bytes: bytes.toString() },
    });
}

/** What the OSDs and Ceph's own quota leave. Fails with unknown-pool and unknown-namespace. */
async function room(cluster: Cluster, { pool, namespace, dataPool }: Parameters): Promise<bigint> {
  const [own, ofData, namespaces] = await Promise.all([
    cluster.capacity(pool),
    dataPool === undefined ? undefined : cluster.capacity(dataPool),
    namespace === '' ? [namespace] : cluster.listNamespaces(pool),
  ]);
  if (!namespaces.includes(namespace))
    fail('unknown-namespace', { namespace, pool, cluster: cluster.name });
  return (ofData ?? own).availableBytes;
}

/** The bytes of the volumes that a controller has, or is creating, in a pool. Deleted ones do not count. */
async function provisionedBytes(
  controller: Controller,
  cluster: Cluster,
  pool: string,
): Promise<bigint> {
  let sum = 0n;
  for (let after: string | undefined; ; ) {
    const entries = await cluster.names.list(after, BATCH);
    const sizes = entries.map(({ value }) => sizeOf(controller, cluster, pool, value));
    for (const size of await Promise.all(sizes)) sum += size;
    if (entries.length < BATCH) return sum;
    after = entries.at(-1)?.key;
  }
}

async function sizeOf(
  controller: Controller,
  cluster: Cluster,
  pool: string,
  entry: string,
): Promise<bigint> {
  const record = parseRecord(entry);
  const planned: PlannedVolume | undefined =
    record ?? parseClaim(entry)?.pending ?? parseRestoring(entry)?.record;
  const handle = planned && parseHandle(planned.handle);
  if (planned === undefined || handle?.pool !== pool || !isOwn(controller, planned)) return 0n;
  if (record === undefined) return BigInt(planned.sizeBytes);
  // It may have grown since, or be gone.
  const image = await findImage(cluster, handle);
  const isThere = image !== undefined && recordOf(image, handle) !== undefined;
  return isThere ? image.sizeBytes : 0n;
}
