import { createHash } from 'node:crypto';
import { fail } from './errors.js';

/** How an image is called when no `namePrefix` is asked for. */
export const DEFAULT_NAME_PREFIX = 'pannier-';

/** CSI's size limit for a name, in bytes. */
const NAME_MAX_BYTES = 128;
const SLUG_LENGTH = 24;
const KEY_LENGTH = 20;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * The key of a CSI name in the name index: 100 bits of its SHA-256, in base32.
 * It ends the image's name too, so that the index entry can be found from a handle alone.
 */
export function nameKey(csiName: string): string {
  const digest = createHash('sha256').update(csiName).digest();
  let bits = 0;
  let width = 0;
  let key = '';
  for (const byte of digest) {
    bits = (bits << 8) | byte;
    width += 8;
    while (width >= 5 && key.length < KEY_LENGTH) {
      width -= 5;
      key += ALPHABET[(bits >> width) & 31];
    }
    bits &= (1 << width) - 1;
  }
  return key;
}

/** Throws unless a CSI name can be kept. */
export function checkName(name: string): void {
  if (Buffer.byteLength(name) > NAME_MAX_BYTES)
    fail('invalid-field', { field: 'name', problem: `is over ${NAME_MAX_BYTES} bytes` });
  if (/\p{Cc}/u.test(name))
    fail('invalid-field', { field: 'name', problem: 'holds a control character' });
}

/** The image name that a CSI name always gets: prefix, a readable slug, and the name's key. */
export function imageName(csiName: string, prefix: string): string {
  const slug = slugOf(csiName);
  return slug === '' ? `${prefix}${nameKey(csiName)}` : `${prefix}${slug}-${nameKey(csiName)}`;
}

/** What can be read of a name in the name of an image or snapshot; '' where nothing is left of it. */
export function slugOf(csiName: string): string {
  return csiName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, SLUG_LENGTH)
    .replace(/^-+|-+$/g, '');
}

/** The name index key that an image's name ends with, or undefined where it cannot be one of ours. */
export function keyOfImageName(image: string): string | undefined {
  const key = image.slice(-KEY_LENGTH);
  return /^[a-z2-7]{20}$/.test(key) ? key : undefined;
}
