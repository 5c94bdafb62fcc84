import { formatBytes } from '../../volume/size.js';
import { commandLine } from '../command-line.js';
import type { Finding, Rule } from '../finding.js';
import { idOf } from '../joins.js';
import type { Known } from '../known.js';

/** A block device is whole sectors. */
const SECTOR = 512n;

/** What Nomad believes of the size, where it believes anything. */
export const sizeInNomad: Rule = (known) => {
  const { nomad, ceph } = known;
  const capacity = BigInt(nomad?.volume.Capacity ?? 0);
  const sizeBytes = ceph?.image?.sizeBytes;
  if (!nomad || sizeBytes === undefined || capacity === 0n || capacity === sizeBytes) return [];
  return [
    {
      kind: 'size-differs',
      part: 'nomad',
      severity: 'warning',
      problem: `Nomad has ${inWords(capacity)} for the volume, and its image has ${inWords(sizeBytes)}`,
      remedy:
        'Write the size of the image as capacity_min into the specification and send it again: Nomad asks the plugin, and takes what that answers.',
      command: commandLine('nomad', 'volume', 'create', 'volume.hcl'),
    },
  ];
};

/** Devices that have not followed their image, and file systems that have not followed their device. */
export const lateGrowth: Rule = (known) => known.nodes.flatMap((node) => ofNode(known, node));

function ofNode(known: Known, node: Known['nodes'][number]): Finding[] {
  const size = known.ceph?.image?.sizeBytes;
  const grow = {
    part: 'mounts',
    severity: 'warning',
    remedy:
      'This sends the expansion again; where the kernel refuses it, the next staging grows it.',
    command:
      size === undefined
        ? null
        : commandLine('pannier', 'volume', 'expand', idOf(known), `${size}`),
  } as const;
  const late = (node.mapping?.devices ?? []).filter(
    ({ sizeBytes }) =>
      size !== undefined && sizeBytes !== undefined && sizeBytes < size - (size % SECTOR),
  );
  const found: Finding[] = late.map(({ path, sizeBytes }) => ({
    ...grow,
    kind: 'device-smaller',
    problem: `${path} on node "${node.nodeId}" has ${inWords(sizeBytes ?? 0n)}, and the image has ${inWords(size ?? 0n)}`,
  }));
  if (node.fileSystem?.smaller)
    found.push({
      ...grow,
      kind: 'file-system-smaller',
      problem: `the ${node.fileSystem.type} file system on node "${node.nodeId}" is smaller than its device`,
    });
  return found;
}

function inWords(bytes: bigint): string {
  return `${formatBytes(bytes)} (${bytes} bytes)`;
}
