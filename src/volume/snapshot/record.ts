import { parseObject, strings } from '../json.js';

/** What a snapshot is to be, before it is taken. */
export interface PlannedSnapshot {
  readonly version: 1;
  /** The CSI name. */
  readonly name: string;
  /** The snapshot's handle, CSI's `snapshot_id`. */
  readonly handle: string;
  /** The volume's handle when it was taken, CSI's `source_volume_id`. */
  readonly source: string;
  readonly pool: string;
  readonly namespace: string;
  /** RBD's id of the image, which keeps it when the volume is deleted. */
  readonly image: string;
  /** RBD's name of the snapshot. */
  readonly snapshot: string;
}

/** A snapshot that is being taken. */
export interface PendingSnapshot extends PlannedSnapshot {
  /** When it was begun, in milliseconds since 1970; undefined where an older version wrote the claim. */
  readonly since: number | undefined;
}

/** A snapshot as the index has it, once it is taken. Until then it holds `{"pending": PendingSnapshot}`. */
export interface SnapshotRecord extends PlannedSnapshot {
  /** The pool's number of the snapshot. */
  readonly number: string;
  readonly sizeBytes: string;
  /** When it was taken, in ISO 8601. */
  readonly created: string;
}

const PLANNED = ['name', 'handle', 'source', 'pool', 'namespace', 'image', 'snapshot'] as const;
const TAKEN = ['number', 'sizeBytes', 'created'] as const;

/** Equal for equal records: texts are compared. */
export function formatSnapshot(record: SnapshotRecord): string {
  return JSON.stringify(record, ['version', ...PLANNED, ...TAKEN]);
}

export function formatPending(pending: PendingSnapshot): string {
  return JSON.stringify({ pending }, ['pending', 'version', ...PLANNED, 'since']);
}

/** The record that a text holds, or undefined where it is not one. */
export function parseSnapshot(text: string | undefined): SnapshotRecord | undefined {
  const value = parseObject(text);
  const words = value?.version === 1 ? strings(value, [...PLANNED, ...TAKEN]) : undefined;
  const isWhole =
    words !== undefined &&
    /^\d+$/.test(words.number) &&
    /^\d+$/.test(words.sizeBytes) &&
    !Number.isNaN(Date.parse(words.created));
  return isWhole ? { version: 1, ...words } : undefined;
}

/** The snapshot under way that a text holds, or undefined where it is not one. */
export function parsePending(text: string | undefined): PendingSnapshot | undefined {
  const { pending } = parseObject(text) ?? {};
  const value =
    typeof pending === 'object' && pending !== null
      ? (pending as Record<string, unknown>)
      : undefined;
  const words = value?.version === 1 ? strings(value, PLANNED) : undefined;
  const since = typeof value?.since === 'number' ? value.since : undefined;
  return words && { version: 1, ...words, since };
}
