import { randomBytes } from 'node:crypto';
import { parseObject, strings } from '../json.js';
import type { Place, StoredTask } from '../store.js';

interface OfImage extends Place {
  readonly imageId: string;
}

/** Free the space of a deleted volume, once nothing needs it any more. */
export interface ImageTask extends OfImage {
  readonly kind: 'image';
  /** What the volume was. */
  readonly handle: string;
  readonly name: string;
  /** When it was deleted, and until when it is kept, in milliseconds since 1970. */
  readonly deleted: number;
  readonly until: number;
  /** Its space is being freed: there is no way back. */
  readonly begun: boolean;
}

/** Remove an RBD snapshot that nobody can ask for any more. */
export interface SnapshotTask extends OfImage {
  readonly kind: 'snapshot';
  readonly snapshot: string;
}

/** Copy into a clone what it has of a chain of parents that has become long. */
export interface FlattenTask extends OfImage {
  readonly kind: 'flatten';
  readonly handle: string;
  /** How much of it is done. */
  readonly percent: number;
}

/** Work that a call leaves to the background, written down in the operation that makes it necessary. */
export type Task = ImageTask | SnapshotTask | FlattenTask;

/** A task as it is stored: what is told twice is one task. */
export function taskOf(task: Task): Pick<StoredTask, 'id' | 'value'> {
  const { kind, pool, namespace, imageId } = task;
  const snapshot = task.kind === 'snapshot' ? `@${task.snapshot}` : '';
  return {
    id: `${kind} ${pool}/${namespace}/${imageId}${snapshot}`,
    value: JSON.stringify(task),
  };
}

/**
 * The same once more: one that is there already may have been done before what it is now needed for, and only wait to
 * be taken away.
 */
export function onceMore(task: SnapshotTask): Pick<StoredTask, 'id' | 'value'> {
  const { id, value } = taskOf(task);
  return { id: `${id} ${randomBytes(8).toString('hex')}`, value };
}

const PLACE = ['pool', 'namespace', 'imageId'] as const;

/** The task that a text holds, or undefined where it is none that this version knows. */
export function parseTask(text: string): Task | undefined {
  const value = parseObject(text);
  const { kind, deleted, until, begun, percent } = value ?? {};
  if (kind === 'image') {
    const words = strings(value, [...PLACE, 'handle', 'name']);
    if (typeof deleted !== 'number' || typeof until !== 'number' || typeof begun !== 'boolean')
      return undefined;
    return words && { kind, ...words, deleted, until, begun };
  }
  if (kind === 'snapshot') {
    const words = strings(value, [...PLACE, 'snapshot']);
    return words && { kind, ...words };
  }
  if (kind === 'flatten') {
    const words = strings(value, [...PLACE, 'handle']);
    return words && typeof percent === 'number' ? { kind, ...words, percent } : undefined;
  }
  return undefined;
}
