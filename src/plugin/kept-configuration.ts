import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Document } from '../config/load.js';
import { writeWhole } from '../files/whole.js';

const FILE = 'consul-configuration.json';

interface Kept {
  readonly version: 1;
  /** The address that it was read from. */
  readonly address: string;
  readonly documents: ReadonlyArray<{ readonly name: string; readonly text: string }>;
}

/** The last good configuration that came from an address, as a plugin keeps it for a start without Consul. */
export class KeptConfiguration {
  readonly path: string;

  constructor(
    stateDir: string,
    private readonly address: string,
  ) {
    this.path = join(stateDir, FILE);
  }

  /** Undefined where there is none, or none that can be used. */
  async read(): Promise<readonly Document[] | undefined> {
    try {
      const kept = JSON.parse(await readFile(this.path, 'utf8')) as Kept | null;
      return kept?.version === 1 && kept.address === this.address ? kept.documents : undefined;
    } catch {
      return undefined;
    }
  }

  /** Fails where the state directory cannot be written. */
  async write(documents: readonly Document[]): Promise<void> {
    const texts = documents.map(({ name, text }) => ({ name, text: Buffer.from(text).toString() }));
    const kept: Kept = { version: 1, address: this.address, documents: texts };
    await writeWhole(this.path, JSON.stringify(kept));
  }
}
