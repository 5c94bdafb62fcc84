import { randomBytes } from 'node:crypto';
import { formatHandle, HANDLE_MAX_BYTES, parseHandle, type VolumeHandle } from '../handle.js';
import { nameKey, slugOf } from '../name.js';

/**
 * A snapshot's handle is the words an operator types after `rbd snap`, behind the cluster's name:
 * `cluster/pool/image@snapshot`. It is CSI's `snapshot_id`. It keeps the name that the image had when the snapshot
 * was taken, also once that volume is deleted.
 */
export interface SnapshotHandle {
  readonly volume: VolumeHandle;
  /** RBD's name of the snapshot. */
  readonly snapshot: string;
}

const WORD_LENGTH = 6;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** A slug, the CSI name's key, and a word that no other snapshot of that name has. */
const NAME = /^(?:[a-z0-9-]+-)?([a-z2-7]{20})-[a-z2-7]{6}$/;

/** The handle that a `snapshot_id` names, or undefined: a malformed one is a snapshot that does not exist. */
export function parseSnapshotHandle(text: string): SnapshotHandle | undefined {
  const at = text.lastIndexOf('@');
  const volume = parseHandle(text.slice(0, Math.max(0, at)));
  const snapshot = text.slice(at + 1);
  if (Buffer.byteLength(text) > HANDLE_MAX_BYTES || volume === undefined) return undefined;
  return keyOfSnapshotName(snapshot) === undefined ? undefined : { volume, snapshot };
}

export function formatSnapshotHandle({ volume, snapshot }: SnapshotHandle): string {
  return `${formatHandle(volume)}@${snapshot}`;
}

/** The name index key in a snapshot's name, or undefined where it cannot be one of ours. */
export function keyOfSnapshotName(snapshot: string): string | undefined {
  return NAME.exec(snapshot)?.[1];
}

/**
 * A name for a snapshot of a volume, which no other one has: what removes a snapshot by its name must not find one
 * that was taken anew. Undefined where the volume's handle leaves no room for it.
 */
export function newSnapshotName(csiName: string, volume: VolumeHandle): string | undefined {
  const word = Array.from(randomBytes(WORD_LENGTH), (byte) => ALPHABET[byte & 31]).join('');
  const short = `${nameKey(csiName)}-${word}`;
  const slug = slugOf(csiName);
  return [...(slug === '' ? [] : [`${slug}-${short}`]), short].find(
    (snapshot) => Buffer.byteLength(formatSnapshotHandle({ volume, snapshot })) <= HANDLE_MAX_BYTES,
  );
}
