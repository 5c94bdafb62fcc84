import { fail } from '../volume/errors.js';
import type { NodeVolumes, Usage } from '../volume/node.js';
import type { NodeContext } from './context.js';
import { findAtPath } from './paths.js';
import { runTool } from './tool.js';

const LIMIT_MS = 10_000;

type UsageRequest = Parameters<NodeVolumes['usage']>[0];

/**
 * NodeGetVolumeStats: bytes and inodes of a file system, the size of a block volume. The file system is asked
 * by a program, since one that hangs would keep a thread of this process.
 */
export async function usage(context: NodeContext, request: UsageRequest): Promise<Usage[]> {
  const { volumeId } = request;
  const { device, mapper, path, capability } = await findAtPath(
    context,
    volumeId,
    request.volumePath,
  );
  if (capability.access.kind === 'block') {
    const total = await mapper.sizeOf(device);
    return [{ unit: 'BYTES', total, used: 0n, available: 0n }];
  }
  const { total, used, available, inodes, usedInodes } = await usageAt(volumeId, path);
  return [
    { unit: 'BYTES', total, used, available },
    { unit: 'INODES', total: inodes, used: usedInodes, available: inodes - usedInodes },
  ];
}

/** Bytes and inodes of the file system at a path. */
export async function usageAt(volume: string, path: string) {
  const { stdout } = await runTool('stat', ['--file-system', '--format=%S %b %f %a %c %d', path], {
    volume,
    limitMs: LIMIT_MS,
  });
  const [size, blocks, free, available, inodes, freeInodes] = stdout.trim().split(' ').map(BigInt);
  if (
    size === undefined ||
    blocks === undefined ||
    free === undefined ||
    available === undefined ||
    inodes === undefined ||
    freeInodes === undefined
  )
    return fail('tool-failed', { tool: 'stat', volume, problem: 'it tells no usage' });
  return {
    total: blocks * size,
    used: (blocks - free) * size,
    available: available * size,
    inodes,
    usedInodes: inodes - freeInodes,
  };
}
