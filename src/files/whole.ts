import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from './folders.js';

/** What the name of a file ends with that was not written whole. */
export const TEMPORARY = '.tmp';

/**
 * Writes a file that only its owner reads, whole or not at all, and on the disk before it answers. Its folder is made
 * where it is missing.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder, 0o700);
  const temporary = `${path}${TEMPORARY}`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(folder);
}

/** Sees that what was renamed or removed in a folder is on the disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
