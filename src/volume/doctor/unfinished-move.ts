import type { VolumeHandle } from '../handle.js';
import { ownerWords } from '../host.js';
import { moveVolume } from '../move.js';
import { formatRecord, parseRecord, RECORD_KEY, type VolumeRecord } from '../record.js';
import type { Image } from '../store.js';
import { imageWords, type Trouble, type Ward } from './trouble.js';

/**
 * A volume whose move to another host was cut short between the image and the index: no host lists it. Undefined
 * where the two differ in more than the host.
 */
export function unfinishedMove(
  ward: Ward,
  handle: VolumeHandle,
  entry: VolumeRecord,
  image: Image,
): Trouble | undefined {
  const kept = parseRecord(image.metadata.get(RECORD_KEY));
  if (kept?.host === undefined || kept.image !== image.id) return undefined;
  const { host } = kept;
  if (formatRecord({ ...entry, host }) !== formatRecord(kept)) return undefined;
  return {
    kind: 'unfinished-move',
    subject: imageWords(ward, handle, handle.image, entry.name),
    problem: `it was moved to host "${host}", and the index of volumes still has it under ${ownerWords(entry)}`,
    seen: `${formatRecord(entry)} ${formatRecord(kept)}`,
    remedy: {
      words: 'finish the move, as `pannier volume move` does',
      async act() {
        await moveVolume(ward.controller, entry.handle, host);
        return true;
      },
    },
  };
}
