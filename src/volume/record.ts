import { randomBytes } from 'node:crypto';
import type { AccessMode, Capability } from './capability.js';
import { fail } from './errors.js';
import { formatHandle, type VolumeHandle } from './handle.js';
import type { Parameters } from './parameters.js';
import { type Image, METADATA_PREFIX } from './store.js';

/**
 * What is written of a volume: in the image's metadata, and as the same text in the name index once the
 * creation is committed. Until then the index holds a Claim.
 */
export interface VolumeRecord {
  readonly version: 1;
  /** The CSI name. */
  readonly name: string;
  readonly handle: string;
  /** Tells this creation from an earlier or later one of the same name. */
  readonly claim: string;
  readonly sizeBytes: string;
  /** What shapes the image besides its place, as text; equal for equal requests. */
  readonly layout: string;
}

/** The image metadata key that holds a volume's record. */
export const RECORD_KEY = `${METADATA_PREFIX}volume`;
/** The image metadata key that holds the nodes on which a volume is published. */
export const PUBLISHED_KEY = `${METADATA_PREFIX}published`;
/** The image metadata key that a deletion sets before it moves the image, so that nobody publishes it then. */
export const DELETING_KEY = `${METADATA_PREFIX}deleting`;

export function newRecord(
  name: string,
  handle: VolumeHandle,
  sizeBytes: bigint,
  layout: string,
): VolumeRecord {
  return {
    version: 1,
    name,
    handle: formatHandle(handle),
    claim: randomBytes(8).toString('hex'),
    sizeBytes: sizeBytes.toString(),
    layout,
  };
}

/** The layout part of parameters, as text that can be compared and read by a person. */
export function layoutText(parameters: Parameters): string {
  const { dataPool, imageFeatures, objectSize, stripeUnit, stripeCount } = parameters;
  const asked = {
    dataPool,
    imageFeatures: imageFeatures?.join(','),
    objectSize,
    stripeUnit,
    stripeCount,
  };
  return Object.entries(asked)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}

export function formatRecord(record: VolumeRecord): string {
  return JSON.stringify(record);
}

/** The record that a text holds, or undefined where it is not one. */
export function parseRecord(text: string | undefined): VolumeRecord | undefined {
  const value = parseObject(text);
  if (value?.version !== 1) return undefined;
  const { name, handle, claim, sizeBytes, layout } = value;
  if (
    typeof name !== 'string' ||
    typeof handle !== 'string' ||
    typeof claim !== 'string' ||
    typeof sizeBytes !== 'string' ||
    !/^\d+$/.test(sizeBytes) ||
    typeof layout !== 'string'
  )
    return undefined;
  return { version: 1, name, handle, claim, sizeBytes, layout };
}

/**
 * The record of an image that is a finished volume under this handle. A clone inherits its parent's
 * metadata, so a record that names another image does not count.
 */
export function recordOf(image: Image, handle: VolumeHandle): VolumeRecord | undefined {
  const record = parseRecord(image.metadata.get(RECORD_KEY));
  return record?.handle === formatHandle(handle) ? record : undefined;
}

/** A creation under way: what the name index holds from the first step until the commit. */
export interface Claim {
  readonly pending: VolumeRecord;
  /** Earlier claims that this one took the name from; their images, if any, were never answered. */
  readonly replaces: ReadonlyArray<{ readonly claim: string; readonly handle: string }>;
}

export function formatClaim(claim: Claim): string {
  return JSON.stringify(claim);
}

/** The claim that a text holds, or undefined where it is not one. */
export function parseClaim(text: string | undefined): Claim | undefined {
  const value = parseObject(text);
  const pending = parseRecord(JSON.stringify(value?.pending ?? null));
  const replaces: unknown = value?.replaces;
  if (pending === undefined || !Array.isArray(replaces) || !replaces.every(isDeadClaim))
    return undefined;
  return { pending, replaces };
}

function isDeadClaim(value: unknown): value is Claim['replaces'][number] {
  return (
    typeof value === 'object' &&
    value !== null &&
    'claim' in value &&
    typeof value.claim === 'string' &&
    'handle' in value &&
    typeof value.handle === 'string'
  );
}

const DISCARDED = 'discarded-';

/** The record of an image that is on its way out: nobody was ever told of it. */
export function discardedRecord(record: VolumeRecord): VolumeRecord {
  return { ...record, claim: `${DISCARDED}${randomBytes(8).toString('hex')}` };
}

export function isDiscarded(record: VolumeRecord): boolean {
  return record.claim.startsWith(DISCARDED);
}

/** How a volume is published on one node. */
export interface Publication {
  readonly mode: AccessMode;
  readonly access: 'mount' | 'block';
  readonly readonly: boolean;
}

export type Publications = Readonly<Record<string, Publication>>;

export function publicationOf(capability: Capability, readonly: boolean): Publication {
  return { mode: capability.mode, access: capability.access.kind, readonly };
}

/**
 * Node id to how the image is published there. Fails with volume-in-use where another version or a person wrote
 * what this one cannot read: it is never taken for nobody.
 */
export function publicationsOf(image: Image): Publications {
  const text = image.metadata.get(PUBLISHED_KEY);
  if (text === undefined || text === '') return {};
  const value = parseObject(text);
  if (value === undefined || !Object.values(value).every(isPublication))
    fail('volume-in-use', {
      volume: recordText(image),
      users: `nodes that this version cannot read in the image metadata "${PUBLISHED_KEY}"`,
    });
  return value as Publications;
}

/** The nodes on which an image is published, as far as they can be read. */
export function publishedNodesOf(image: Image): readonly string[] {
  return Object.keys(parseObject(image.metadata.get(PUBLISHED_KEY)) ?? {});
}

function isPublication(value: unknown): value is Publication {
  return (
    typeof value === 'object' && value !== null && 'mode' in value && typeof value.mode === 'string'
  );
}

function recordText(image: Image): string {
  return parseRecord(image.metadata.get(RECORD_KEY))?.handle ?? image.id;
}

export function formatPublications(publications: Publications): string | undefined {
  return Object.keys(publications).length === 0 ? undefined : JSON.stringify(publications);
}

/** The object that a text holds in JSON, or undefined where it holds none. */
export function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
