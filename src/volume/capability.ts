/** CSI's VolumeCapability.AccessMode.Mode, by its own names. */
export type AccessMode =
  | 'SINGLE_NODE_WRITER'
  | 'SINGLE_NODE_READER_ONLY'
  | 'MULTI_NODE_READER_ONLY'
  | 'MULTI_NODE_SINGLE_WRITER'
  | 'MULTI_NODE_MULTI_WRITER'
  | 'SINGLE_NODE_SINGLE_WRITER'
  | 'SINGLE_NODE_MULTI_WRITER';

export interface MountAccess {
  readonly kind: 'mount';
  /** '' leaves the choice to the plugin: what is on the device, or else ext4. */
  readonly fsType: string;
  readonly mountFlags: readonly string[];
}

export interface BlockAccess {
  readonly kind: 'block';
}

/** How a volume is to be used: CSI's VolumeCapability. */
export interface Capability {
  readonly access: MountAccess | BlockAccess;
  readonly mode: AccessMode;
}

export const FILE_SYSTEMS = ['ext4', 'xfs', 'btrfs'] as const;
export type FileSystem = (typeof FILE_SYSTEMS)[number];
export const DEFAULT_FILE_SYSTEM: FileSystem = 'ext4';

export function isFileSystem(fsType: string): fsType is FileSystem {
  return (FILE_SYSTEMS as readonly string[]).includes(fsType);
}

/** True where no more than one node may have the volume. */
export function isSingleNode(mode: AccessMode): boolean {
  return mode.startsWith('SINGLE_NODE_');
}

/** True where nobody may write. */
export function isReaderOnly(mode: AccessMode): boolean {
  return mode === 'SINGLE_NODE_READER_ONLY' || mode === 'MULTI_NODE_READER_ONLY';
}

/** The same use by one who only reads: what a volume that is published read-only to a node is there. */
export function asReader(capability: Capability): Capability {
  return {
    ...capability,
    mode: allowsSecondTarget(capability.mode)
      ? 'MULTI_NODE_READER_ONLY'
      : 'SINGLE_NODE_READER_ONLY',
  };
}

/** True where a second target on one node is allowed (the spec's table under NodePublishVolume). */
export function allowsSecondTarget(mode: AccessMode): boolean {
  return mode.startsWith('MULTI_NODE_') || mode === 'SINGLE_NODE_MULTI_WRITER';
}

/**
 * Why Pannier cannot honour a capability, or undefined where it can. A file system that one node writes
 * cannot be read on another: ext4, xfs and btrfs would serve stale and torn metadata there.
 */
export function unsupported(capability: Capability): string | undefined {
  const { access, mode } = capability;
  if (access.kind === 'block') return undefined;
  if (access.fsType !== '' && !isFileSystem(access.fsType))
    return `file system "${access.fsType}" is not supported: use ${FILE_SYSTEMS.join(', ')}`;
  if (mode === 'MULTI_NODE_SINGLE_WRITER' || mode === 'MULTI_NODE_MULTI_WRITER')
    return `access mode ${mode} needs a block volume: ${FILE_SYSTEMS.join(', ')} cannot be written on one node and used on another`;
  return undefined;
}

/** True where two capabilities ask for the same thing, so that a repeated call is the same call. */
export function sameCapability(a: Capability, b: Capability): boolean {
  if (a.mode !== b.mode || a.access.kind !== b.access.kind) return false;
  if (a.access.kind === 'block' || b.access.kind === 'block') return true;
  return (
    a.access.fsType === b.access.fsType &&
    [...a.access.mountFlags].sort().join('\n') === [...b.access.mountFlags].sort().join('\n')
  );
}
