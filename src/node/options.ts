import { type Capability, type FileSystem, isReaderOnly } from '../volume/capability.js';
import { fail } from '../volume/errors.js';

/** Options that change what is mounted, or where, and not how. */
const REFUSED =
  /^(r?bind|move|remount|loop|offset|sizelimit|r?(shared|private|slave|unbindable))(=|$)/;
const USERSPACE = /^(x-|X-|_netdev|user|users|owner|group|no?auto|defaults|nofail)/;

/** What a read-only file system needs, so that not even its journal is replayed. */
const READ_ONLY: Record<FileSystem, readonly string[]> = {
  ext4: ['ro', 'noload'],
  xfs: ['ro', 'norecovery'],
  btrfs: ['ro', 'rescue=nologreplay'],
};

/** Fails with invalid-field where a mount flag is not one for the file system. */
export function checkMountFlags({ access, mode }: Capability): void {
  if (access.kind === 'block') return;
  const field = 'volume_capability.mount.mount_flags';
  for (const flag of split(access.mountFlags)) {
    const word = flag.split('=', 1)[0];
    if (flag === '' || /\s/.test(flag))
      fail('invalid-field', { field, problem: 'a flag is empty' });
    if (REFUSED.test(flag) || USERSPACE.test(flag))
      fail('invalid-field', { field, problem: `"${word}" is not an option of a file system` });
    if (flag === 'rw' && isReaderOnly(mode))
      fail('invalid-field', { field, problem: `"rw" contradicts access mode ${mode}` });
  }
}

/**
 * The options to mount with. A clone has its parent's UUID, and xfs refuses one that is mounted already. It is
 * always told not to look: which of the two comes first cannot be known, and nothing here goes by the UUID.
 */
export function mountOptions(type: FileSystem, flags: readonly string[], readerOnly: boolean) {
  const options = [
    ...split(flags),
    ...(readerOnly ? READ_ONLY[type] : []),
    ...(type === 'xfs' ? ['nouuid'] : []),
  ];
  return [...new Set(options)];
}

function split(flags: readonly string[]): string[] {
  return flags.flatMap((flag) => flag.split(','));
}
