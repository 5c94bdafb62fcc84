import { access } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 5;

/** True once it is done, false where it is not within the limit. */
export async function waitFor(done: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  const end = Date.now() + limitMs;
  for (;;) {
    if (await done()) return true;
    if (Date.now() > end) return false;
    await sleep(POLL_MS);
  }
}

export function isThere(path: string, mode?: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
