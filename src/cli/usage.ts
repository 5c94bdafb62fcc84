import { VolumeUsage_Unit as Unit } from '../proto/csi/v1/csi_pb.js';
import { formatBytes } from '../volume/size.js';
import { table } from './columns.js';
import type { MountRecord } from './mounts.js';
import type { Plugin } from './plugin.js';

/** A mount of a volume on this machine, and how full it is. */
export interface MountUsage {
  readonly path: string;
  readonly stagingPath: string;
  readonly attachmentMode: 'file-system' | 'block-device';
  readonly accessMode: string;
  readonly readOnly: boolean;
  readonly totalBytes: bigint | null;
  /** Null for a device, whose blocks nobody counts. */
  readonly usedBytes: bigint | null;
  /** Why the plugin cannot tell; null where it can. */
  readonly problem: string | null;
}

export async function mountUsage(plugin: Plugin, record: MountRecord): Promise<MountUsage> {
  const mount = {
    path: record.targetPath,
    stagingPath: record.stagingPath,
    attachmentMode: record.access === 'block' ? 'block-device' : 'file-system',
    accessMode: record.accessMode.toLowerCase().replaceAll('_', '-'),
    readOnly: record.readonly,
  } as const;
  try {
    const { usage } = await plugin.node.nodeGetVolumeStats({
      volumeId: record.volumeId,
      volumePath: record.targetPath,
      stagingTargetPath: record.stagingPath,
    });
    const bytes = usage.find(({ unit }) => unit === Unit.BYTES);
    return {
      ...mount,
      totalBytes: bytes?.total ?? null,
      usedBytes: record.access === 'block' ? null : (bytes?.used ?? null),
      problem: null,
    };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { ...mount, totalBytes: null, usedBytes: null, problem };
  }
}

export function mountTable(mounts: readonly MountUsage[]): string {
  return table(
    ['Path', 'Attachment Mode', 'Access Mode', 'Used', 'Size', 'Problem'],
    mounts.map((mount) => [
      mount.path,
      mount.attachmentMode,
      mount.readOnly ? `${mount.accessMode} (read-only)` : mount.accessMode,
      mount.usedBytes === null ? null : formatBytes(mount.usedBytes),
      mount.totalBytes === null ? null : formatBytes(mount.totalBytes),
      mount.problem,
    ]),
  );
}
