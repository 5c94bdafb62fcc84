import { undeleteVolume } from '../delete/undelete.js';
import { parseHandle } from '../handle.js';
import type { VolumeRecord } from '../record.js';
import { entryWords, type Trouble, type Ward } from './trouble.js';

/** A deleted volume that was being taken back, until nobody went on. */
export function unfinishedUndeletion(
  ward: Ward,
  key: string,
  text: string,
  record: VolumeRecord,
): Trouble {
  return {
    kind: 'unfinished-undeletion',
    subject: entryWords(ward, 'names', key, record.name),
    problem: `the deleted volume "${record.handle}" was being taken back, and nobody went on`,
    seen: text,
    remedy: {
      words: 'take it back, or release the entry where its image is gone',
      act: () => finish(ward, key, text, record),
    },
  };
}

async function finish(
  { controller, cluster }: Ward,
  key: string,
  text: string,
  record: VolumeRecord,
): Promise<boolean> {
  const handle = parseHandle(record.handle);
  const image = handle && (await cluster.readImageById(handle, record.image));
  if (image === undefined) {
    const released = await controller.effect('doctor/release-entry', () =>
      cluster.names.swap(key, text, undefined),
    );
    return released === 'swapped';
  }
  if ((await cluster.names.read(key)) !== text) return false;
  await undeleteVolume(controller, record.handle, record.image);
  return true;
}
