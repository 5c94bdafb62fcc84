import type { Answer, ReadOptions } from './client.js';

/** How long one question waits for a change, in milliseconds. */
const WAIT_MS = 60_000;

type Read<T> = (options: ReadOptions) => Promise<Answer<T>>;

/**
 * What is read now, and again each time that something has changed, through blocking queries. Nomad also answers
 * where something else has changed in the same table.
 */
export async function* changes<T>(read: Read<T>, signal?: AbortSignal): AsyncGenerator<T> {
  let index = 0;
  while (true) {
    const answer = await read({
      ...(signal === undefined ? {} : { signal }),
      ...(index === 0 ? {} : { after: { index, waitMs: WAIT_MS } }),
    });
    // An index that goes back is another Nomad's, such as one that was restored: nothing is after ours.
    const seen = answer.index;
    if (index === 0 || seen !== index) yield answer.document;
    index = seen < index ? 0 : Math.max(seen, 1);
  }
}
