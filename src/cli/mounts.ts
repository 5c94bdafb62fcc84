import { createHash, randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../files/folders.js';
import type { AccessMode } from '../volume/capability.js';

/** What `pannier volume mount` did or was about to do, so that `unmount` can take it back. */
export interface MountRecord {
  readonly version: 1;
  readonly endpoint: string;
  readonly volumeId: string;
  readonly nodeId: string;
  readonly stagingPath: string;
  readonly targetPath: string;
  readonly access: 'mount' | 'block';
  readonly accessMode: AccessMode;
  readonly fsType: string;
  readonly mountFlags: readonly string[];
  readonly readonly: boolean;
  /** The staging folder was there before and is not removed. */
  readonly keepsStaging?: boolean;
}

const DEFAULT_FOLDER = '/var/lib/pannier/mounts';

/** The folder of an endpoint's records: next to its socket, or where all others are kept. */
export function mountsFolder(endpoint: string): string {
  const path = endpoint.startsWith('unix:') ? endpoint.replace(/^unix:(\/\/)?/, '') : endpoint;
  return path.startsWith('/') ? join(dirname(path), 'mounts') : DEFAULT_FOLDER;
}

/** One file a target path, in a folder that only its owner reads. */
export class Mounts {
  constructor(readonly folder: string) {}

  /** Where a volume is staged unless told otherwise. */
  stagingPath(volumeId: string): string {
    return join(this.folder, 'staging', digest(volumeId));
  }

  /** Writes a record, whole or not at all, and on the disk before it answers. */
  async write(record: MountRecord): Promise<void> {
    await makeFolder(this.folder, 0o700);
    const temporary = join(this.folder, `.${randomBytes(6).toString('hex')}`);
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify(record, null, 2));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#file(record.targetPath));
  }

  async remove(targetPath: string): Promise<void> {
    await rm(this.#file(targetPath), { force: true });
  }

  /** All records, by target path. */
  async list(): Promise<readonly MountRecord[]> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const files = names
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(this.folder, name));
    const records = await Promise.all(files.map(readRecord));
    return records
      .filter((record) => record !== undefined)
      .sort((a, b) => (a.targetPath < b.targetPath ? -1 : 1));
  }

  #file(targetPath: string): string {
    return join(this.folder, `${digest(targetPath)}.json`);
  }
}

async function readRecord(path: string): Promise<MountRecord | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as MountRecord;
  if (record.version !== 1) throw new Error(`${path} was written by another version of Pannier`);
  return record;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
