import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabCeph } from './ceph.js';
import { labFolder } from './folder.js';

/** Where a pattern is: at the start of an image, and across the border of its first two objects of 4 MiB. */
const OFFSETS = [0, (4 << 20) - 4096];
/** What an image must have to take a pattern, in bytes. */
export const PATTERN_BYTES = 8n << 20n;
const LENGTH = 8192;

/** Bytes that only this word gives. */
function patternOf(word: string): Buffer {
  const digest = createHash('sha512').update(word).digest();
  return Buffer.concat(Array.from({ length: LENGTH / digest.length }, () => digest));
}

/** Images' bytes, written and read by Ceph's own program. */
export class Contents {
  readonly #folder = labFolder();

  constructor(readonly ceph: LabCeph) {}

  /** Writes the pattern of a word into an image that is in no use. */
  async write(volumeId: string, word: string): Promise<void> {
    const record = (offset: number) => {
      const head = Buffer.alloc(17);
      head.write('w');
      head.writeBigUInt64LE(BigInt(offset), 1);
      head.writeBigUInt64LE(BigInt(LENGTH), 9);
      return Buffer.concat([head, patternOf(word)]);
    };
    // What `rbd export-diff` writes: records of data, and an end.
    const parts = [Buffer.from('rbd diff v1\n'), ...OFFSETS.map(record), Buffer.from('e')];
    const file = this.#file();
    writeFileSync(file, Buffer.concat(parts));
    await this.ceph.rbd('import-diff', '--no-progress', file, this.specOf(volumeId));
    rmSync(file);
  }

  /** The sha256 of all that an image holds. */
  async hashOf(volumeId: string): Promise<string> {
    const file = this.#file();
    await this.ceph.rbd('export', '--no-progress', this.specOf(volumeId), file);
    const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
    rmSync(file);
    return hash;
  }

  /** The sha256 of an image of that size that holds a word's pattern and zeros, or zeros alone. */
  expected(sizeBytes: bigint, word?: string): string {
    const bytes = Buffer.alloc(Number(sizeBytes));
    if (word !== undefined) for (const offset of OFFSETS) patternOf(word).copy(bytes, offset);
    return createHash('sha256').update(bytes).digest('hex');
  }

  /** RBD's id of a volume's image. */
  async imageIdOf(volumeId: string): Promise<string> {
    const info = await this.ceph.rbd('info', '--format=json', this.specOf(volumeId));
    return (JSON.parse(info) as { id: string }).id;
  }

  /** What comes after `rbd info`. */
  specOf(volumeId: string): string {
    return volumeId.slice(this.ceph.name.length + 1);
  }

  #file(): string {
    return join(this.#folder, randomUUID());
  }
}
