import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, TEMPORARY, writeWhole } from '../files/whole.js';
import { fail } from '../volume/errors.js';
import { parseObject } from '../volume/json.js';
import { stateFolders } from './state-dir.js';

const LONGEST_MS = 600_000;

/** A volume that was unstaged and that a controller had published to this node. */
export interface Vacated {
  readonly volumeId: string;
  readonly imageId: string;
  /** When, as Date.now() counts. */
  readonly since: number;
}

/** The node's memory of what it has not any more: one file a volume, for as long as a controller may think otherwise. */
export class VacatedRecords {
  readonly #folder: string;
  /** Until when (as Date.now() counts) a volume is not looked at. */
  readonly #postponed = new Map<string, number>();

  constructor(stateDir: string) {
    this.#folder = stateFolders(stateDir).vacated;
  }

  /** As of now. Fails with state-unwritable. */
  async write(volumeId: string, imageId: string): Promise<void> {
    this.#postponed.delete(volumeId);
    const vacated: Vacated = { volumeId, imageId, since: Date.now() };
    try {
      await writeWhole(this.#pathOf(volumeId), JSON.stringify(vacated));
    } catch (error) {
      const { message: problem } = error as Error;
      fail('state-unwritable', { path: this.#folder, problem }, { cause: error });
    }
  }

  /** Those that are so many milliseconds old, and not postponed. One that cannot be understood is as good as none. */
  async due(afterMs: number): Promise<Vacated[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const texts = names
      .filter((name) => !name.endsWith(TEMPORARY))
      .map((name) => readFile(join(this.#folder, name), 'utf8').catch(() => ''));
    const now = Date.now();
    return (await Promise.all(texts))
      .map(parse)
      .filter((one) => one !== undefined)
      .filter(({ volumeId, since }) => now >= (this.#postponed.get(volumeId) ?? since + afterMs));
  }

  /** Has one wait for as long again as it has waited. */
  postpone({ volumeId, since }: Vacated): void {
    const now = Date.now();
    this.#postponed.set(volumeId, now + Math.min(now - since, LONGEST_MS));
  }

  /** Forgets one, unless it was written anew meanwhile. */
  async remove({ volumeId, since }: Vacated): Promise<void> {
    const path = this.#pathOf(volumeId);
    const now = parse(await readFile(path, 'utf8').catch(() => ''));
    if (now !== undefined && now.since !== since) return;
    this.#postponed.delete(volumeId);
    await rm(path, { force: true });
    await syncFolder(this.#folder);
  }

  #pathOf(volumeId: string): string {
    const digest = createHash('sha256').update(volumeId).digest('hex').slice(0, 32);
    return join(this.#folder, `${digest}.json`);
  }
}

function parse(text: string): Vacated | undefined {
  const { volumeId, imageId, since } = parseObject(text) ?? {};
  return typeof volumeId === 'string' && typeof imageId === 'string' && typeof since === 'number'
    ? { volumeId, imageId, since }
    : undefined;
}
