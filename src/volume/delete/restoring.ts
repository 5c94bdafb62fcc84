import { parseObject } from '../json.js';
import { formatRecord, parseRecord, type VolumeRecord } from '../record.js';

/** What the name index holds while a deleted volume is taken back. */
export function formatRestoring(record: VolumeRecord): string {
  return JSON.stringify({ restoring: formatRecord(record) });
}

/** The volume that is being taken back, or undefined where a text is not that. */
export function parseRestoring(text: string | undefined): VolumeRecord | undefined {
  const { restoring } = parseObject(text) ?? {};
  return typeof restoring === 'string' ? parseRecord(restoring) : undefined;
}
