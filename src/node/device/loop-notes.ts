import { appendFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

const NOTES = 'loops';

/**
 * Writes down, in a mapping's folder, that a loop device was made of its file. The kernel tells a device's file by a
 * path, and that is lost where rbd-fuse was mounted in a container that has ended: then the note tells whose it is.
 */
export async function noteLoop(folder: string, device: string): Promise<void> {
  await appendFile(join(folder, NOTES), `${device}\n`, { mode: 0o600 });
}

export async function notedLoops(folder: string): Promise<readonly string[]> {
  return (await readFile(join(folder, NOTES), 'utf8').catch(() => '')).split('\n');
}

export async function removeLoopNotes(folder: string): Promise<void> {
  await rm(join(folder, NOTES), { force: true });
}
