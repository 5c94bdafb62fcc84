import { randomBytes } from 'node:crypto';
import { formatHandle, type VolumeHandle } from './handle.js';
import { parseObject, strings } from './json.js';
import type { Parameters } from './parameters.js';
import { type Image, METADATA_PREFIX } from './store.js';

/** What a volume is to be, before there is an image. */
export interface PlannedVolume {
  readonly version: 1;
  /** The CSI name. */
  readonly name: string;
  readonly handle: string;
  /** Tells this creation from an earlier or later one of the same name. */
  readonly claim: string;
  readonly sizeBytes: string;
  /** What shapes the image besides its place, as text; equal for equal requests. */
  readonly layout: string;
  /** What it is made from: "snapshot ID", "volume ID", or '' for nothing. */
  readonly source: string;
  /** The host that it belongs to; undefined where it was made by a controller that does not keep hosts apart. */
  readonly host?: string | undefined;
}

/**
 * What is written of a volume: in the image's metadata, and as the same text in the name index once the
 * creation is committed. Until then the index holds a Claim.
 */
export interface VolumeRecord extends PlannedVolume {
  /** RBD's id of the image. Clones and copies inherit the record, and it does not count for them. */
  readonly image: string;
}

/** The image metadata key that holds a volume's record. */
export const RECORD_KEY = `${METADATA_PREFIX}volume`;

/** A word that no other creation has. */
export function newClaim(): string {
  return randomBytes(8).toString('hex');
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

/** Equal for equal records, whatever the order of their members: texts are compared. */
export function formatRecord({ image, ...planned }: VolumeRecord): string {
  return JSON.stringify({ ...inOrder(planned), image });
}

const PLANNED = ['name', 'handle', 'claim', 'sizeBytes', 'layout', 'source'] as const;

export function inOrder(planned: PlannedVolume): PlannedVolume {
  const { version, name, handle, claim, sizeBytes, layout, source, host } = planned;
  return {
    ...{ version, name, handle, claim, sizeBytes, layout, source },
    ...(host === undefined ? {} : { host }),
  };
}

export function readPlanned(value: Record<string, unknown> | undefined): PlannedVolume | undefined {
  const words = value?.version === 1 ? strings(value, PLANNED) : undefined;
  const host: unknown = value?.host;
  if (words === undefined || !/^\d+$/.test(words.sizeBytes)) return undefined;
  if (host === undefined) return { version: 1, ...words };
  return typeof host === 'string' ? { version: 1, ...words, host } : undefined;
}

/** The record that a text holds, or undefined where it is not one. */
export function parseRecord(text: string | undefined): VolumeRecord | undefined {
  const value = parseObject(text);
  const planned = readPlanned(value);
  const image: unknown = value?.image;
  return planned === undefined || typeof image !== 'string' ? undefined : { ...planned, image };
}

/** The record of an image that is a finished volume under this handle. */
export function recordOf(image: Image, handle: VolumeHandle): VolumeRecord | undefined {
  const record = ownRecord(image);
  return record?.handle === formatHandle(handle) ? record : undefined;
}

/** The record that was written for this very image, wherever it is now. */
export function ownRecord(image: Image): VolumeRecord | undefined {
  const record = parseRecord(image.metadata.get(RECORD_KEY));
  return record?.image === image.id ? record : undefined;
}

const RESTORED = 'restored-';

/**
 * The record of a volume that was deleted and is taken back. It differs from the one before: a deletion that another
 * call is still at must not take the name from the volume that is back.
 */
export function restoredRecord(record: VolumeRecord): VolumeRecord {
  return { ...record, claim: `${RESTORED}${newClaim()}` };
}

export function isRestored(record: VolumeRecord): boolean {
  return record.claim.startsWith(RESTORED);
}
