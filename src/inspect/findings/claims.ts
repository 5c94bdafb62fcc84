import { type AllocationStub, isOver } from '../../nomad/allocations.js';
import { commandLine } from '../command-line.js';
import type { Finding, Rule } from '../finding.js';
import { liveClaims, nodeOf } from '../joins.js';
import type { Claim } from '../known.js';

/** Claims of allocations that Nomad has forgotten, or that are over. */
export const staleClaims: Rule = ({ nomad }) =>
  (nomad?.claims ?? []).flatMap((claim) => {
    const { allocation } = claim;
    if (allocation === undefined) return [ofForgotten(claim)];
    if (!isOver(allocation)) return [];
    const isDown = nomad !== null && nomad !== undefined && nodeOf(nomad, claim)?.status === 'down';
    return [{ ...ofEnded(claim, allocation), ...(isDown ? COLLECT_OF_LOST : COLLECT) }];
  });

/**
 * Nomad looks for such claims every five minutes, or when it is told to. Its own `volume detach` is no way: 1.11 answers
 * "Unknown allocation" whenever it is asked.
 */
const COLLECT = {
  remedy:
    'Nomad looks for such claims every five minutes, and frees them where the plugin answers; this has it look now. Look again after it: Nomad may forget a lost node before it has told the plugin.',
  command: commandLine('nomad', 'system', 'gc'),
} as const;

/** Nomad forgets the node too, before it could tell the plugin that the volume is free there. */
const COLLECT_OF_LOST = {
  remedy: `${COLLECT.remedy} It also has it forget nodes that are down: inspect the volume again, for what the plugin still has published there.`,
  command: COLLECT.command,
} as const;

function ofForgotten({ allocationId, mode }: Claim): Finding {
  return {
    kind: 'claim-without-allocation',
    part: 'claims',
    severity: 'error',
    problem: `Nomad has a ${mode} claim of allocation ${allocationId}, which it has forgotten`,
    ...COLLECT,
  };
}

function ofEnded(
  { allocationId, mode }: Claim,
  allocation: AllocationStub,
): Omit<Finding, 'remedy' | 'command'> {
  const { ClientStatus, NodeName } = allocation;
  const word = ClientStatus === 'pending' ? 'stopped' : ClientStatus;
  return {
    kind: 'claim-of-ended-allocation',
    part: 'claims',
    severity: 'error',
    problem: `Nomad still has a ${mode} claim of allocation ${allocationId}, which is ${word}, on node "${NodeName}"`,
  };
}

const BE_SURE =
  'Make sure that the machine is off, and not only out of sight: two writers destroy a file system.';

/** Claims on nodes that are down, out of sight or forgotten. */
export const claimsOnLostNodes: Rule = ({ nomad }) => {
  if (!nomad) return [];
  return liveClaims(nomad).flatMap((claim): Finding[] => {
    const node = nodeOf(nomad, claim);
    if (node !== undefined && !['down', 'disconnected'].includes(node.status)) return [];
    const words =
      node === undefined
        ? `${claim.allocation?.NodeID}, which Nomad has forgotten`
        : `"${node.name}", which is ${node.status}`;
    const waits = node?.status === 'disconnected';
    return [
      {
        kind: 'claim-on-lost-node',
        part: 'claims',
        severity: 'error',
        problem: `allocation ${claim.allocationId} has the volume on node ${words}`,
        remedy: waits
          ? 'Nomad keeps the claim until the node is back, or until the time has passed that the job gives it (disconnect, lost_after).'
          : `${BE_SURE} Then this has Nomad free the claim now, and forget the node: inspect the volume again, for what the plugin still has published there.`,
        command: waits ? null : COLLECT.command,
      },
    ];
  });
};
