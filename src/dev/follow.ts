import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;
const CHUNK_BYTES = 65_536;

/** Writes what a file holds and what is added to it, until the signal comes. */
export async function follow(
  path: string,
  write: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    while (!signal.aborted) {
      const { bytesRead } = await file.read(buffer);
      if (bytesRead > 0) write(Buffer.from(buffer.subarray(0, bytesRead)));
      else await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    await file.close();
  }
}
