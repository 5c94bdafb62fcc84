import { type Capability, unsupported } from '../capability.js';
import type { Controller, Source } from '../controller.js';
import { fail } from '../errors.js';
import {
  formatHandle,
  PATH_MAX_BYTES,
  parseHandle,
  pathBytes,
  VOLUME_ID_MAX_BYTES,
  type VolumeHandle,
} from '../handle.js';
import { checkName, imageName, nameKey } from '../name.js';
import { type Parameters, readParameters } from '../parameters.js';
import { layoutText } from '../record.js';
import { type CapacityRange, checkRange } from '../size.js';
import { parseSnapshotHandle } from '../snapshot/handle.js';
import type { Credentials } from '../store.js';

export interface CreateRequest {
  readonly name: string;
  readonly range: CapacityRange;
  readonly capabilities: readonly Capability[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly source: Source | undefined;
  readonly credentials: Credentials | undefined;
}

/** A request after its checks: the very image that it asks for. */
export interface Plan {
  readonly name: string;
  readonly key: string;
  readonly handle: VolumeHandle;
  readonly parameters: Parameters;
  readonly layout: string;
  readonly range: CapacityRange;
  readonly source: Source | undefined;
  /** The host that the volume will belong to; undefined where the controller does not keep hosts apart. */
  readonly host: string | undefined;
}

/** Checks a request and derives its image, without a word to Ceph. */
export function planVolume(
  controller: Pick<Controller, 'clusters' | 'host'>,
  request: CreateRequest,
): Plan {
  const { name, range, source } = request;
  checkName(name);
  checkRange(range);
  const parameters = readParameters(withCluster(controller, request), controller.clusters);
  for (const [index, capability] of request.capabilities.entries()) {
    const problem = unsupported(capability);
    if (problem !== undefined)
      fail('unsupported-capability', { field: `volume_capabilities[${index}]`, problem });
  }
  const { cluster, pool, namespace, namePrefix } = parameters;
  const handle = { cluster, pool, namespace, image: imageName(name, namePrefix) };
  if (Buffer.byteLength(formatHandle(handle)) > VOLUME_ID_MAX_BYTES)
    fail('invalid-field', {
      field: 'parameters',
      problem: `the handle "${formatHandle(handle)}" is over ${VOLUME_ID_MAX_BYTES} bytes, which leaves no room for those of its snapshots: use a shorter pool, namespace or namePrefix`,
    });
  if (pathBytes(formatHandle(handle)) > PATH_MAX_BYTES)
    fail('invalid-field', {
      field: 'parameters',
      problem: `the handle "${formatHandle(handle)}" is over ${PATH_MAX_BYTES} bytes when it is percent-encoded for a path: use a pool, namespace or namePrefix with fewer characters besides letters and digits`,
    });
  const from = source && clusterOf(source);
  if (from !== undefined && from !== cluster && controller.clusters.names.includes(from))
    fail('invalid-field', {
      field: 'volume_content_source',
      problem: `${source?.kind} "${source?.id}" is in cluster "${from}", and the volume would be in "${cluster}"`,
    });
  const key = nameKey(name);
  const layout = layoutText(parameters);
  return { name, key, handle, parameters, layout, range, source, host: controller.host };
}

/** The parameters; where they name no cluster, a source's is meant. */
function withCluster(
  { clusters }: Pick<Controller, 'clusters'>,
  { parameters, source }: CreateRequest,
): Readonly<Record<string, string>> {
  const cluster = source && clusterOf(source);
  if (parameters.cluster || cluster === undefined || !clusters.names.includes(cluster))
    return parameters;
  return { ...parameters, cluster };
}

function clusterOf({ kind, id }: Source): string | undefined {
  return kind === 'volume' ? parseHandle(id)?.cluster : parseSnapshotHandle(id)?.volume.cluster;
}
