import { parseObject, strings } from '../json.js';
import { formatRecord, parseRecord, type VolumeRecord } from '../record.js';
import type { StoredTask } from '../store.js';

/** A deleted volume that is being taken back. */
export interface Restoring {
  /** The record that it gets. */
  readonly record: VolumeRecord;
  /** The work of freeing it, which goes on where it cannot be taken back. */
  readonly task: Pick<StoredTask, 'id' | 'value'>;
}

/** What the name index holds meanwhile. */
export function formatRestoring({ record, task: { id, value } }: Restoring): string {
  return JSON.stringify({ restoring: formatRecord(record), id, value });
}

/** The volume that is being taken back, or undefined where a text is not that. */
export function parseRestoring(text: string | undefined): Restoring | undefined {
  const words = strings(parseObject(text), ['restoring', 'id', 'value']);
  const record = parseRecord(words?.restoring);
  return words && record && { record, task: { id: words.id, value: words.value } };
}
