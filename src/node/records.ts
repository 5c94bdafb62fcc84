import { createHash } from 'node:crypto';
import { access, constants, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../files/folders.js';
import { syncFolder, TEMPORARY, writeWhole } from '../files/whole.js';
import type { Logger } from '../observe/log.js';
import type { Capability } from '../volume/capability.js';
import { fail } from '../volume/errors.js';
import { stateFolders } from './state-dir.js';

/** A target path at which a staged volume is published, or was about to be. */
export interface Target {
  readonly path: string;
  readonly readonly: boolean;
  readonly capability: Capability;
  /** It was there before the volume was, and unpublish leaves it. */
  readonly existed?: true;
}

/** What a node remembers of one volume at one staging path. */
export interface StageRecord {
  readonly version: 1;
  readonly volumeId: string;
  readonly stagingPath: string;
  /** RBD's internal id of the image that was mapped, which a new image of the same name does not have. */
  readonly imageId: string;
  readonly capability: Capability;
  readonly mapper: string;
  /** "staging" from before the first step until after the last one. */
  readonly state: 'staging' | 'staged';
  readonly targets: readonly Target[];
  /** A controller had published the volume to this node, and so it tells when the volume is not wanted any more. */
  readonly claimed?: true;
}

/**
 * The node's memory: one file a volume and staging path, written whole or not at all. What is really mapped
 * and mounted is always read from the kernel; the records tell what was meant.
 */
export class Records {
  readonly #folder: string;
  readonly #log: Logger;

  constructor(stateDir: string, log: Logger) {
    this.#folder = stateFolders(stateDir).records;
    this.#log = log;
  }

  async read(volumeId: string, stagingPath: string): Promise<StageRecord | undefined> {
    return this.#load(fileName(volumeId, stagingPath));
  }

  /** The records of a volume at all its staging paths. */
  async ofVolume(volumeId: string): Promise<StageRecord[]> {
    return this.#loadAll((name) => name.startsWith(`${digest(volumeId)}-`));
  }

  async list(): Promise<StageRecord[]> {
    return this.#loadAll(() => true);
  }

  /** Fails with state-unwritable where a record could not be written, so that nothing is begun then. */
  async mustBeWritable(): Promise<void> {
    try {
      await makeFolder(this.#folder, 0o700);
      await access(this.#folder, constants.W_OK);
    } catch (error) {
      this.#unwritable(error);
    }
  }

  async write(record: StageRecord): Promise<void> {
    const path = join(this.#folder, fileName(record.volumeId, record.stagingPath));
    try {
      await writeWhole(path, JSON.stringify(record));
    } catch (error) {
      this.#unwritable(error);
    }
  }

  async remove(volumeId: string, stagingPath: string): Promise<void> {
    try {
      await rm(join(this.#folder, fileName(volumeId, stagingPath)), { force: true });
      await syncFolder(this.#folder);
    } catch (error) {
      if (!isMissing(error)) this.#unwritable(error);
    }
  }

  /** Removes what a write that was cut short left. */
  async removeTemporary(): Promise<void> {
    for (const name of await this.#names())
      if (name.endsWith(TEMPORARY)) await rm(join(this.#folder, name), { force: true });
  }

  async #loadAll(wanted: (name: string) => boolean): Promise<StageRecord[]> {
    const names = (await this.#names()).filter((name) => name.endsWith('.json') && wanted(name));
    const records = await Promise.all(names.map((name) => this.#load(name)));
    return records.filter((record) => record !== undefined);
  }

  /** Reads a record. One that cannot be understood is set aside: the kernel still tells what is there. */
  async #load(name: string): Promise<StageRecord | undefined> {
    const path = join(this.#folder, name);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (isMissing(error)) return undefined;
      return fail('state-unreadable', { path, problem: error.message }, { cause: error });
    });
    if (text === undefined) return undefined;
    const record = parse(text);
    if (record !== undefined && fileName(record.volumeId, record.stagingPath) === name)
      return record;
    this.#log.warn({ path }, 'a record of a staged volume is damaged and is set aside');
    await rename(path, `${path}.damaged`).catch((error) => this.#unwritable(error));
    return undefined;
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.#folder);
    } catch (error) {
      if (isMissing(error)) return [];
      const { message: problem } = error as Error;
      return fail('state-unreadable', { path: this.#folder, problem }, { cause: error });
    }
  }

  #unwritable(error: unknown): never {
    const { message: problem } = error as Error;
    fail('state-unwritable', { path: this.#folder, problem }, { cause: error });
  }
}

function fileName(volumeId: string, stagingPath: string): string {
  return `${digest(volumeId)}-${digest(stagingPath)}.json`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function parse(text: string): StageRecord | undefined {
  try {
    const value = JSON.parse(text) as StageRecord | null;
    const whole =
      value?.version === 1 &&
      typeof value.volumeId === 'string' &&
      typeof value.stagingPath === 'string' &&
      typeof value.imageId === 'string' &&
      typeof value.mapper === 'string' &&
      typeof value.capability?.mode === 'string' &&
      typeof value.capability.access?.kind === 'string' &&
      ['staging', 'staged'].includes(value.state) &&
      Array.isArray(value.targets);
    return whole ? value : undefined;
  } catch {
    return undefined;
  }
}
