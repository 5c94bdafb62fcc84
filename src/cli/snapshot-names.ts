import { nameKey, slugOf } from '../volume/name.js';
import { keyOfSnapshotName, parseSnapshotHandle } from '../volume/snapshot/handle.js';

/** `20260102T150405678Z-data`: the handle shows the beginning of it, and the volume's name besides. */
export function newSnapshotName(volume: string): string {
  return [new Date().toISOString().replace(/[-:.]/g, ''), slugOf(volume)]
    .filter((part) => part !== '')
    .join('-');
}

/** True where a text is a snapshot's ID or the name that it was taken with: a handle of ours holds the name's key. */
export function isSnapshotCalled(id: string, text: string): boolean {
  return id === text || keyOfSnapshotName(nameIn(id)) === nameKey(text);
}

/** True where a snapshot's ID, or what RBD calls it, begins so. */
export function beginsSnapshot(id: string, text: string): boolean {
  return id.startsWith(text) || nameIn(id).startsWith(text);
}

/** What RBD calls a snapshot; '' where the handle is another plugin's. */
function nameIn(id: string): string {
  return parseSnapshotHandle(id)?.snapshot ?? '';
}
