import { accessOf } from '../../src/rbd/access.js';
import { exec, write } from '../../src/rbd/operations.js';
import { Session } from '../../src/rbd/session.js';
import type { LabCeph } from './ceph.js';

/** Does what librbd does first when it removes a snapshot, and no more, as one that is killed does. */
export async function beginRemoval(
  { settings }: LabCeph,
  pool: string,
  imageId: string,
  snapshotId: bigint,
): Promise<void> {
  const session = await Session.connect(accessOf(settings));
  try {
    const input = Buffer.alloc(8);
    input.writeBigUInt64LE(snapshotId);
    const steps = [exec('rbd', 'snapshot_trash_add', input)];
    await session.inPool(pool, '', (io) => write(io, `rbd_header.${imageId}`, 'cut short', steps));
  } finally {
    await session.shutdown();
  }
}
