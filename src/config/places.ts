import { parseBytes } from '../spec/bytes.js';
import { isHandlePart } from '../volume/handle.js';
import { wordsOf } from './words.js';

/** What is wrong with a value that `read` throws a RangeError for; undefined where nothing is. */
export function problemOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

/** Bytes by pool: "500GiB" is for `defaultPool`, "fast=2TiB" for another. Throws RangeError. */
export function parseQuotas(text: string, defaultPool: string): Readonly<Record<string, bigint>> {
  const quotas = new Map<string, bigint>();
  for (const word of wordsOf(text)) {
    const at = word.lastIndexOf('=');
    const pool = at < 0 ? defaultPool : word.slice(0, at).trim();
    if (at >= 0 && !isHandlePart(pool))
      throw new RangeError(`expected a pool before "${word.slice(at)}"`);
    if (quotas.has(pool)) throw new RangeError(`"${word}" is a second quota of the same pool`);
    const size = parseBytes(word.slice(at + 1).trim());
    if (!('bytes' in size)) throw new RangeError(`expected a size such as 500GiB in "${word}"`);
    quotas.set(pool, size.bytes);
  }
  return Object.fromEntries(quotas);
}

/** Pools and RADOS namespaces of them: "rbd", "rbd/team-a". Throws RangeError. */
export function parsePlaces(
  text: string,
): Array<{ readonly pool: string; readonly namespace: string }> {
  return wordsOf(text).map((word) => {
    const [pool = '', namespace = '', ...rest] = word.split('/');
    if (rest.length > 0 || !isHandlePart(pool) || (word.includes('/') && !isHandlePart(namespace)))
      throw new RangeError(`expected pool or pool/namespace instead of "${word}"`);
    return { pool, namespace };
  });
}
