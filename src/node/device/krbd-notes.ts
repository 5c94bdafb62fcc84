import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../files/folders.js';
import { fail } from '../../volume/errors.js';

const ENDING = '.json';

/** That a volume's devices on this node are this plugin's: it is written before the first one is made. */
export interface KrbdNote {
  /** The id of the cluster, by which the kernel calls it. */
  readonly fsid: string;
}

/**
 * One file a volume. The kernel tells what is mapped, and not by whom: what an operator mapped by hand, or another
 * plugin, must be left alone. A note holds until the machine boots, upon which no mapping is left.
 */
export class KrbdNotes {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(volumeId: string): Promise<KrbdNote | undefined> {
    const path = this.#pathOf(volumeId);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
      return fail('state-unreadable', { path, problem: error.message }, { cause: error });
    });
    const note = parse(text);
    return note?.boot === (await currentBoot()) ? note : undefined;
  }

  /** It need not be on the disk: a machine that loses its power loses its mappings too. */
  async write(volumeId: string, { fsid }: KrbdNote): Promise<void> {
    const path = this.#pathOf(volumeId);
    const boot = await currentBoot();
    try {
      await makeFolder(this.#folder, 0o700);
      await writeFile(path, `${JSON.stringify({ boot, fsid })}\n`, { mode: 0o600 });
    } catch (error) {
      const { message: problem } = error as Error;
      fail('state-unwritable', { path, problem }, { cause: error });
    }
  }

  /** Removing one that is not there changes nothing. */
  async remove(volumeId: string): Promise<void> {
    const path = this.#pathOf(volumeId);
    await rm(path, { force: true }).catch((error: Error) =>
      fail('state-unwritable', { path, problem: error.message }, { cause: error }),
    );
  }

  async has(volumeId: string): Promise<boolean> {
    return (await this.list()).includes(volumeId);
  }

  /** The volumes that have a note, of whatever boot. */
  async list(): Promise<string[]> {
    const files = await readdir(this.#folder).catch(() => []);
    return files
      .filter((name) => name.endsWith(ENDING))
      .map((name) => name.slice(0, -ENDING.length).replaceAll('@', '/'));
  }

  /** No part of a handle can hold '@', so this is reversible, and people can read it. */
  #pathOf(volumeId: string): string {
    return join(this.#folder, `${volumeId.replaceAll('/', '@')}${ENDING}`);
  }
}

async function currentBoot(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

function parse(text: string): (KrbdNote & { readonly boot: string }) | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // It was cut short, and so nothing was mapped.
    return undefined;
  }
}
