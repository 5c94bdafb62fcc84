import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { tryFolder } from '../files/folders.js';
import { fail } from '../volume/errors.js';

/** Where in its state directory a node keeps its records, and what mappings need. */
export function stateFolders(stateDir: string): {
  readonly records: string;
  readonly vacated: string;
  readonly fuse: string;
  readonly krbd: string;
} {
  return {
    records: join(stateDir, 'volumes'),
    vacated: join(stateDir, 'vacated'),
    fuse: join(stateDir, 'fuse'),
    krbd: join(stateDir, 'krbd'),
  };
}

/** Fails with state-unwritable where a node could not keep its state there. It changes nothing. */
export async function checkStateDir(stateDir: string): Promise<void> {
  for (const path of [stateDir, ...Object.values(stateFolders(stateDir))])
    await tryFolder(path, 0o700).catch((error: Error) =>
      fail('state-unwritable', { path, problem: error.message }, { cause: error }),
    );
}

/** A path as mountinfo shows it, also where its last parts are not there yet. */
export function canonicalStateDir(path: string): string {
  const missing: string[] = [];
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    try {
      return join(realpathSync(folder), ...missing);
    } catch (error) {
      if (dirname(folder) === folder) throw error;
      missing.unshift(basename(folder));
    }
  }
}
