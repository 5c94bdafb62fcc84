import { fail } from './errors.js';
import { didYouMean } from './guess.js';
import { isHandlePart } from './handle.js';
import { DEFAULT_NAME_PREFIX } from './name.js';
import type { Clusters } from './store.js';

/** What CreateVolume's `parameters` ask for, checked. docs/reference/parameters.md describes each. */
export interface Parameters {
  readonly cluster: string;
  readonly pool: string;
  readonly namespace: string;
  readonly namePrefix: string;
  readonly dataPool: string | undefined;
  readonly imageFeatures: readonly string[] | undefined;
  /** Bytes. */
  readonly objectSize: bigint | undefined;
  /** Bytes. */
  readonly stripeUnit: bigint | undefined;
  readonly stripeCount: bigint | undefined;
}

export const PARAMETER_NAMES: ReadonlyArray<keyof Parameters> = [
  'cluster',
  'pool',
  'namespace',
  'namePrefix',
  'dataPool',
  'imageFeatures',
  'objectSize',
  'stripeUnit',
  'stripeCount',
];

/** ceph-csi's parameter for the cluster. */
const CEPH_CSI_CLUSTER = 'clusterID';

/** Image features by the names that `rbd` gives them, and what each needs besides. */
const FEATURES: Readonly<Record<string, string | undefined>> = {
  layering: undefined,
  'exclusive-lock': undefined,
  'object-map': 'exclusive-lock',
  'fast-diff': 'object-map',
  'deep-flatten': undefined,
  journaling: 'exclusive-lock',
};

/** `rbd create --object-size` takes these, in bytes. */
const OBJECT_SIZE = { least: 1n << 12n, most: 1n << 25n };
const NAME_PREFIX_MAX = 32;

/** Reads CreateVolume's parameters; the configuration fills in the cluster and its pool. */
export function readParameters(
  given: Readonly<Record<string, string>>,
  clusters: Pick<Clusters, 'names' | 'nameOf' | 'defaultPool'>,
): Parameters {
  for (const key of Object.keys(given))
    if (!(PARAMETER_NAMES as readonly string[]).includes(key) && key !== CEPH_CSI_CLUSTER)
      fail('unknown-parameter', {
        key,
        guess: didYouMean(key, PARAMETER_NAMES),
        known: PARAMETER_NAMES.join(', '),
      });
  const cluster =
    given.cluster || byId(given[CEPH_CSI_CLUSTER], clusters) || clusters.names[0] || '';
  if (!clusters.names.includes(cluster))
    fail('unknown-cluster', {
      cluster,
      guess: didYouMean(cluster, clusters.names),
      known: clusters.names.join(', '),
    });
  const objectSize = readBytes('objectSize', given.objectSize);
  const stripeUnit = readBytes('stripeUnit', given.stripeUnit);
  const stripeCount = readCount('stripeCount', given.stripeCount);
  checkStriping(objectSize, stripeUnit, stripeCount);
  return {
    cluster,
    pool: readName('pool', given.pool) ?? clusters.defaultPool(cluster),
    namespace: readName('namespace', given.namespace) ?? '',
    namePrefix: readPrefix(given.namePrefix),
    dataPool: readName('dataPool', given.dataPool),
    imageFeatures: readFeatures(given.imageFeatures),
    objectSize,
    stripeUnit,
    stripeCount,
  };
}

/** The cluster that ceph-csi's parameter means: the one with that id or, by then, with that name. */
function byId(
  id: string | undefined,
  clusters: Pick<Clusters, 'names' | 'nameOf'>,
): string | undefined {
  if (id === undefined || id === '') return undefined;
  const name = clusters.nameOf(id) ?? clusters.names.find((one) => one === id);
  return name ?? invalid(CEPH_CSI_CLUSTER, `no cluster of the configuration has the id "${id}"`);
}

function invalid(parameter: string, problem: string): never {
  fail('invalid-field', { field: `parameters["${parameter}"]`, problem });
}

function readName(parameter: string, text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (!isHandlePart(text))
    invalid(parameter, `"${text}" is not a name: "/" and "@" separate names`);
  return text;
}

function readPrefix(text: string | undefined): string {
  if (text === undefined || text === '') return DEFAULT_NAME_PREFIX;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text) || text.length > NAME_PREFIX_MAX)
    invalid(
      'namePrefix',
      `"${text}" must be at most ${NAME_PREFIX_MAX} letters, digits, dots, dashes and underscores`,
    );
  return text;
}

function readFeatures(text: string | undefined): readonly string[] | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const known = Object.keys(FEATURES);
  const features = [...new Set(text.split(',').map((word) => word.trim()))].sort();
  for (const feature of features) {
    if (!known.includes(feature))
      invalid(
        'imageFeatures',
        `unknown feature "${feature}"${didYouMean(feature, known)}; known are ${known.join(', ')}`,
      );
    const needed = FEATURES[feature];
    if (needed !== undefined && !features.includes(needed))
      invalid('imageFeatures', `"${feature}" needs "${needed}" too`);
  }
  return features;
}

/** A size as `rbd` takes it: bytes, or with K, M, KiB, MiB (all powers of 1024). */
function readBytes(parameter: string, text: string | undefined): bigint | undefined {
  if (text === undefined || text === '') return undefined;
  const match = /^(\d{1,18})\s*(?:([KM])(?:iB)?|B)?$/i.exec(text);
  if (match?.[1] === undefined)
    invalid(parameter, `"${text}" is not a size such as 4194304 or 4MiB`);
  const scale = { K: 10n, M: 20n }[match[2]?.toUpperCase() ?? ''] ?? 0n;
  return BigInt(match[1]) << scale;
}

function readCount(parameter: string, text: string | undefined): bigint | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) invalid(parameter, `"${text}" is not a whole number above 0`);
  return BigInt(text);
}

function checkStriping(
  objectSize: bigint | undefined,
  stripeUnit: bigint | undefined,
  stripeCount: bigint | undefined,
): void {
  if (
    objectSize !== undefined &&
    (objectSize < OBJECT_SIZE.least ||
      objectSize > OBJECT_SIZE.most ||
      (objectSize & (objectSize - 1n)) !== 0n)
  )
    invalid('objectSize', `${objectSize} is not a power of two from 4 KiB to 32 MiB`);
  if ((stripeUnit === undefined) !== (stripeCount === undefined))
    invalid(
      stripeUnit === undefined ? 'stripeUnit' : 'stripeCount',
      'stripeUnit and stripeCount come together',
    );
  const whole = objectSize ?? 1n << 22n;
  if (stripeUnit !== undefined && (stripeUnit === 0n || whole % stripeUnit !== 0n))
    invalid('stripeUnit', `${stripeUnit} does not divide the object size ${whole}`);
}
