import {
  type CapacityRange as CapacityRangeMessage,
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapability,
  type VolumeContentSource,
} from '../proto/csi/v1/csi_pb.js';
import type { Capability } from '../volume/capability.js';
import type { Source } from '../volume/controller.js';
import { fail } from '../volume/errors.js';
import type { CapacityRange } from '../volume/size.js';
import type { Credentials } from '../volume/store.js';

/** CSI's limit for the text of a string field, in bytes; paths may be longer. */
const STRING_MAX_BYTES = 128;
const NODE_ID_MAX_BYTES = 256;
/** What the kernel takes as a path, with its closing zero. */
const PATH_MAX_BYTES = 4096;

/** A required string field. */
export function required(field: string, value: string, most = Number.POSITIVE_INFINITY): string {
  if (value === '') fail('missing-field', { field });
  if (Buffer.byteLength(value) > most)
    fail('invalid-field', { field, problem: `is over ${most} bytes` });
  return value;
}

/** A required `volume_id`. One that is malformed is a volume that does not exist, so only its presence is checked. */
export function requiredVolumeId(value: string): string {
  return required('volume_id', value);
}

export function requiredName(value: string): string {
  return required('name', value, STRING_MAX_BYTES);
}

export function requiredNodeId(value: string): string {
  return required('node_id', value, NODE_ID_MAX_BYTES);
}

/** A required absolute path. */
export function requiredPath(field: string, value: string): string {
  const path = required(field, value, PATH_MAX_BYTES - 1);
  if (!path.startsWith('/') || path.includes('\0') || path.split('/').includes('..'))
    fail('invalid-field', { field, problem: `"${path}" is not an absolute path` });
  return path;
}

/** A required VolumeCapability, in the domain's terms. */
export function requiredCapability(
  field: string,
  message: VolumeCapability | undefined,
): Capability {
  if (message === undefined) fail('missing-field', { field });
  return readCapability(field, message);
}

/** A required, non-empty list of VolumeCapability. */
export function requiredCapabilities(messages: readonly VolumeCapability[]): Capability[] {
  if (messages.length === 0) fail('missing-field', { field: 'volume_capabilities' });
  return messages.map((message, index) => readCapability(`volume_capabilities[${index}]`, message));
}

function readCapability(field: string, message: VolumeCapability): Capability {
  const { accessType } = message;
  if (accessType.case === undefined) fail('missing-field', { field: `${field}.access_type` });
  const mode = message.accessMode?.mode ?? Mode.UNKNOWN;
  if (mode === Mode.UNKNOWN) fail('missing-field', { field: `${field}.access_mode.mode` });
  const name = Mode[mode] as Capability['mode'] | undefined;
  if (name === undefined)
    fail('invalid-field', { field: `${field}.access_mode.mode`, problem: `${mode} is unknown` });
  if (accessType.case === 'block') return { access: { kind: 'block' }, mode: name };
  const { fsType, mountFlags, volumeMountGroup } = accessType.value;
  if (volumeMountGroup !== '')
    fail('invalid-field', {
      field: `${field}.mount.volume_mount_group`,
      problem: 'this plugin does not have the capability VOLUME_MOUNT_GROUP',
    });
  return { access: { kind: 'mount', fsType, mountFlags }, mode: name };
}

/** How many entries a page may have; 0 means all. */
export function requireEntries(maxEntries: number): void {
  if (maxEntries < 0)
    fail('invalid-field', { field: 'max_entries', problem: `${maxEntries} is negative` });
}

/** What a volume is made from, if anything. */
export function readSource(message: VolumeContentSource | undefined): Source | undefined {
  const type = message?.type;
  const field = 'volume_content_source';
  switch (type?.case) {
    case 'snapshot':
      return { kind: 'snapshot', id: required(`${field}.snapshot_id`, type.value.snapshotId) };
    case 'volume':
      return { kind: 'volume', id: required(`${field}.volume_id`, type.value.volumeId) };
    default:
      return undefined;
  }
}

export function readRange(message: CapacityRangeMessage | undefined): CapacityRange {
  return {
    requiredBytes: message?.requiredBytes ?? 0n,
    limitBytes: message?.limitBytes ?? 0n,
  };
}

/**
 * The credentials that a request's secrets carry, under the names that Ceph's CSI users know: `userID` and
 * `userKey`. Without secrets the plugin's own are used.
 */
export function readCredentials(
  secrets: Readonly<Record<string, string>>,
): Credentials | undefined {
  const { userID: user, userKey: key } = secrets;
  if (user === undefined && key === undefined) return undefined;
  if (!user || !key)
    fail('missing-field', { field: user ? 'secrets["userKey"]' : 'secrets["userID"]' });
  return { user, key };
}
