import { type Capability, isReaderOnly } from '../volume/capability.js';
import type { NodeContext } from './context.js';
import type { Device, Mapping } from './device/device.js';
import { shows } from './mount.js';
import { canonical, type Mount, mountAt, readMounts } from './mountinfo.js';
import type { StageRecord } from './records.js';

/** The device with which a volume is really staged as its record says, or undefined where it is not. */
export async function stagedDevice(
  record: StageRecord,
  mapping: Mapping | undefined,
): Promise<Device | undefined> {
  const { capability, stagingPath } = record;
  if (!mapping?.alive) return undefined;
  const readonly = isReaderOnly(capability.mode);
  const device = mapping.devices.find((one) => one.readonly === readonly);
  if (device === undefined || capability.access.kind === 'block') return device;
  const mount = mountAt(readMounts(), await canonical(stagingPath));
  return mount !== undefined && shows(mount, device) ? device : undefined;
}

/** The other staging paths at which a volume is really staged. */
export async function stagedElsewhere(
  context: NodeContext,
  volumeId: string,
  stagingPath: string,
  mapping: Mapping | undefined,
): Promise<StageRecord[]> {
  const found: StageRecord[] = [];
  for (const record of await context.records.ofVolume(volumeId))
    if (record.stagingPath !== stagingPath && (await stagedDevice(record, mapping)) !== undefined)
      found.push(record);
  return found;
}

/** The mount of a volume at a path, or undefined where the path shows anything else. */
export async function mountOf(
  path: string,
  mapping: Mapping | undefined,
): Promise<{ mount: Mount; device: Device } | undefined> {
  const mount = mountAt(readMounts(), await canonical(path));
  if (mount === undefined) return undefined;
  const device = mapping?.devices.find((one) => shows(mount, one));
  return device && { mount, device };
}

/** How a capability that is there differs from one that is asked for. Mount flags may hold secrets. */
export function difference(there: Capability, asked: Capability): string {
  const words = ({ access }: Capability) =>
    access.kind === 'block' ? 'block' : `mount, fs_type "${access.fsType}"`;
  if (there.mode !== asked.mode) return `access mode ${there.mode}`;
  return words(there) === words(asked) ? 'other mount flags' : words(there);
}
