import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LabCeph } from './ceph.js';

/** An image as `rbd` takes it, from a volume's or a snapshot's id. */
export function specOf(id: string): string {
  return id.slice(id.indexOf('/') + 1);
}

/** Writes so many MiB at the start of a volume, through a client of its own. */
export async function writeTo(ceph: LabCeph, volumeId: string, mib: number): Promise<void> {
  const io = ['--io-type', 'write', '--io-size', '1M', '--io-threads', '1', '--io-pattern', 'seq'];
  await ceph.rbd('bench', ...io, '--io-total', `${mib}M`, specOf(volumeId));
}

let exported = 0;

/** The SHA-256 of all that a volume, or a snapshot of RBD, holds. */
export async function bytesOf(ceph: LabCeph, id: string): Promise<string> {
  const file = join(ceph.folder, `exported-${process.pid}-${++exported}`);
  try {
    await ceph.rbd('export', '--no-progress', specOf(id), file);
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } finally {
    rmSync(file, { force: true });
  }
}
