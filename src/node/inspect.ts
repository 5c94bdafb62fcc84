import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { isFileSystem } from '../volume/capability.js';
import { Gaps } from '../volume/inspect/gaps.js';
import type {
  InspectedFileSystem,
  InspectedMapping,
  InspectedMount,
  InspectedOnNode,
  InspectedStaging,
} from '../volume/inspect/on-node.js';
import { findMapping, type NodeContext } from './context.js';
import type { Device, Mapper, Mapping } from './device/device.js';
import { isSmaller } from './filesystem.js';
import { processesUsing } from './holders.js';
import { pathsOf, shows } from './mount.js';
import { canonical, readMounts } from './mountinfo.js';
import type { StageRecord } from './records.js';
import { mountOf } from './staged.js';
import { usageAt } from './usage.js';

/** What this node has of a volume. It changes nothing, and what cannot be read is a gap. */
export async function inspect(
  context: NodeContext,
  nodeId: string,
  volumeId: string,
): Promise<InspectedOnNode> {
  const gaps = new Gaps();
  const found = await gaps.read('mapping', findMapping(context, volumeId), undefined);
  const records = await gaps.read('stagings', context.records.ofVolume(volumeId), []);
  const stagings = await Promise.all(records.map((one) => stagingOf(one, found?.mapping)));
  const devices = found?.mapping.devices ?? [];
  const known = await Promise.all(
    records.flatMap(({ stagingPath, targets }) =>
      [stagingPath, ...targets.map(({ path }) => path)].map(canonical),
    ),
  );
  const paths = pathsOf(readMounts(), devices);
  return {
    ...{ volumeId, nodeId, hostname: hostname(), stagings },
    mapping: found && (await mappingOf(found.mapper, found.mapping)),
    unknownPaths: paths.filter((path) => !known.includes(path)),
    fileSystem: found && (await fileSystemOf(volumeId, found, paths, gaps)),
    holders:
      devices.length === 0 ? [] : await gaps.read('holders', processesUsing(isOneOf(devices)), []),
    gaps: gaps.found,
  };
}

/** The volume that was staged or published at a path. */
export async function volumeAt(
  { records }: NodeContext,
  path: string,
): Promise<string | undefined> {
  const where = resolve(path);
  const all = await records.list();
  const record = all.find(
    ({ stagingPath, targets }) =>
      stagingPath === where || targets.some((target) => target.path === where),
  );
  return record?.volumeId;
}

function isOneOf(devices: readonly Device[]): Parameters<typeof processesUsing>[0] {
  return (mount) => devices.some((device) => shows(mount, device));
}

async function mappingOf(mapper: Mapper, mapping: Mapping): Promise<InspectedMapping> {
  const devices = mapping.devices.map(async (device) => ({
    path: device.path,
    readonly: device.readonly,
    sizeBytes: await mapper.sizeOf(device).catch(() => undefined),
  }));
  return { mapper: mapper.name, alive: mapping.alive, devices: await Promise.all(devices) };
}

async function stagingOf(
  { stagingPath: path, state, imageId, capability, targets }: StageRecord,
  mapping: Mapping | undefined,
): Promise<InspectedStaging> {
  return {
    ...{ path, state, imageId, mode: capability.mode, access: capability.access.kind },
    mount: await mountedAt(path, mapping),
    targets: await Promise.all(
      targets.map(async (target) => ({
        path: target.path,
        readonly: target.readonly,
        mount: await mountedAt(target.path, mapping),
      })),
    ),
  };
}

async function mountedAt(
  path: string,
  mapping: Mapping | undefined,
): Promise<InspectedMount | undefined> {
  const found = await mountOf(path, mapping);
  if (found === undefined) return undefined;
  const { device, mount } = found;
  return { device: device.path, fsType: mount.fsType, readonly: mount.readonly };
}

/** The file system at the first of the paths that shows one; a device that died is not asked. */
async function fileSystemOf(
  volumeId: string,
  { mapper, mapping }: { readonly mapper: Mapper; readonly mapping: Mapping },
  paths: readonly string[],
  gaps: Gaps,
): Promise<InspectedFileSystem | undefined> {
  if (!mapping.alive) return undefined;
  for (const path of paths) {
    const shown = await mountOf(path, mapping);
    if (shown === undefined || !isFileSystem(shown.mount.fsType)) continue;
    const { device } = shown;
    const type = shown.mount.fsType;
    const usage = await gaps.read('file system', usageAt(volumeId, path), undefined);
    if (usage === undefined) return undefined;
    const look = async () => isSmaller(volumeId, device, type, path, await mapper.sizeOf(device));
    return {
      type,
      totalBytes: usage.total,
      usedBytes: usage.used,
      availableBytes: usage.available,
      inodes: usage.inodes,
      usedInodes: usage.usedInodes,
      smaller: await gaps.read('file system', look(), false),
    };
  }
  return undefined;
}
