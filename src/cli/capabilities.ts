import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapabilitySchema,
} from '../proto/csi/v1/csi_pb.js';
import type { AccessMode } from '../volume/capability.js';
import { didYouMean } from '../volume/guess.js';
import { UsageError } from './errors.js';
import { option, toggle } from './flags.js';
import type { MountRecord } from './mounts.js';

const ACCESS_MODES = Object.keys(Mode)
  .filter((name) => !/^\d+$|^UNKNOWN$/.test(name))
  .map((name) => name.toLowerCase().replaceAll('_', '-'));
const ATTACHMENT_MODES = ['file-system', 'block-device'];

/** How a volume is to be used, in Nomad's words. */
export const capabilityFlags = {
  'access-mode': option({
    value: 'mode',
    description: `How many nodes may use the volume, and how: ${ACCESS_MODES.join(', ')}.`,
    default: 'single-node-writer',
  }),
  'attachment-mode': option({
    value: 'mode',
    description: 'Mount a file system (file-system), or give the device itself (block-device).',
    default: 'file-system',
  }),
  'fs-type': option({
    value: 'type',
    description: "The file system: ext4, xfs or btrfs. Without it, the volume's own, or ext4.",
  }),
  'mount-flags': option({
    value: 'flags',
    description: 'Options for mount, with commas between them: noatime,nodiratime.',
  }),
  'read-only': toggle({ description: 'Do not allow writing.' }),
};

export interface CapabilityFlags {
  readonly 'access-mode': string;
  readonly 'attachment-mode': string;
  readonly 'fs-type': string | undefined;
  readonly 'mount-flags': string | undefined;
  readonly 'read-only': boolean;
}

type Usage = Pick<MountRecord, 'access' | 'accessMode' | 'fsType' | 'mountFlags' | 'readonly'>;

/** Reads the flags. Throws UsageError. */
export function readUsage(flags: CapabilityFlags): Usage {
  const mode = flags['access-mode'];
  const attachment = flags['attachment-mode'];
  check('-access-mode', mode, ACCESS_MODES);
  check('-attachment-mode', attachment, ATTACHMENT_MODES);
  const block = attachment === 'block-device';
  if (block && (flags['fs-type'] !== undefined || flags['mount-flags'] !== undefined))
    throw new UsageError('-fs-type and -mount-flags are for -attachment-mode=file-system');
  return {
    access: block ? 'block' : 'mount',
    accessMode: mode.toUpperCase().replaceAll('-', '_') as AccessMode,
    fsType: flags['fs-type'] ?? '',
    mountFlags: (flags['mount-flags'] ?? '').split(',').filter((flag) => flag !== ''),
    readonly: flags['read-only'],
  };
}

/** CSI's VolumeCapability for a usage. */
export function capabilityOf(usage: Usage): MessageInitShape<typeof VolumeCapabilitySchema> {
  const { access, accessMode, fsType, mountFlags } = usage;
  return {
    accessMode: { mode: Mode[accessMode] },
    accessType:
      access === 'block'
        ? { case: 'block', value: {} }
        : { case: 'mount', value: { fsType, mountFlags: [...mountFlags] } },
  };
}

function check(flag: string, word: string, known: readonly string[]): void {
  if (!known.includes(word))
    throw new UsageError(
      `invalid value "${word}" for ${flag}${didYouMean(word, known) || `: use ${known.join(', ')}`}`,
    );
}
