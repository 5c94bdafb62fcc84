import { formatBytes } from '../../volume/size.js';
import { commandLine } from '../command-line.js';
import { type Finding, type Rule, stopCommand } from '../finding.js';
import { claimsOn, controllerCommand, idOf, nodeWords } from '../joins.js';
import type { Known, NodeView } from '../known.js';

/** A block device is whole sectors. */
const SECTOR = 512n;

/** What Nomad believes of the size, where it believes anything. */
export const sizeInNomad: Rule = ({ nomad, ceph, at }) => {
  const capacity = BigInt(nomad?.volume.Capacity ?? 0);
  const sizeBytes = ceph?.image?.sizeBytes;
  if (!nomad || sizeBytes === undefined || capacity === 0n || capacity === sizeBytes) return [];
  const size = capacity > sizeBytes ? capacity : sizeBytes;
  const address = at.nomad === undefined ? [] : [`-address=${at.nomad}`];
  return [
    {
      kind: 'size-differs',
      part: 'nomad',
      severity: 'warning',
      problem: `Nomad has ${inWords(capacity)} for the volume, and its image has ${inWords(sizeBytes)}`,
      remedy:
        'This has Nomad ask the plugin for the larger one, where volume.hcl is the specification of the volume.',
      command: commandLine('pannier', 'volume', 'expand', ...address, 'volume.hcl', `${size}`),
    },
  ];
};

/** Devices that have not followed their image, and file systems that have not followed their device. */
export const lateGrowth: Rule = (known) => known.nodes.flatMap((node) => ofNode(known, node));

function ofNode(known: Known, node: NodeView): Finding[] {
  const size = known.ceph?.image?.sizeBytes;
  const [claim] = known.nomad ? claimsOn(known.nomad, node.nodeId) : [];
  const allocation = claim?.allocation;
  // An expansion goes to the node that is at the controller's endpoint, and no further.
  const isThere = known.at.controller === node.endpoint;
  const grow = {
    part: 'mounts',
    severity: 'warning',
    remedy: allocation
      ? "It grows when it is staged next, as by the job's next allocation when this one is stopped."
      : isThere
        ? 'This sends the expansion again; where the kernel refuses it, it grows when it is staged next.'
        : 'It grows when it is staged next.',
    command: allocation
      ? stopCommand(allocation)
      : isThere && size !== undefined
        ? controllerCommand(known, ['volume', 'expand'], idOf(known), `${size}`)
        : null,
  } as const;
  const late = (node.mapping?.devices ?? []).filter(
    ({ sizeBytes }) =>
      size !== undefined && sizeBytes !== undefined && sizeBytes < size - (size % SECTOR),
  );
  const found: Finding[] = late.map(({ path, sizeBytes }) => ({
    ...grow,
    kind: 'device-smaller',
    problem: `${path} on node ${nodeWords(known, node.nodeId)} has ${inWords(sizeBytes ?? 0n)}, and the image has ${inWords(size ?? 0n)}`,
  }));
  if (node.fileSystem?.smaller)
    found.push({
      ...grow,
      kind: 'file-system-smaller',
      problem: `the ${node.fileSystem.type} file system on node ${nodeWords(known, node.nodeId)} is smaller than its device`,
    });
  return found;
}

function inWords(bytes: bigint): string {
  return `${formatBytes(bytes)} (${bytes} bytes)`;
}
