import { commandLine } from '../command-line.js';
import { type Finding, nomadVolumeCommand, type Rule } from '../finding.js';
import { isOver, liveClaims, nodeOf } from '../joins.js';
import type { Claim, NomadView } from '../known.js';

/** Claims of allocations that Nomad has forgotten, or that are over. */
export const staleClaims: Rule = ({ nomad }) =>
  (nomad?.claims ?? []).flatMap((claim) => {
    const { allocation } = claim;
    if (nomad === null || nomad === undefined) return [];
    if (allocation === undefined) return [ofForgotten(nomad, claim)];
    return isOver(allocation) ? [ofEnded(nomad, claim, allocation)] : [];
  });

function ofForgotten(nomad: NomadView, { allocationId, mode }: Claim): Finding {
  return {
    kind: 'claim-without-allocation',
    part: 'claims',
    severity: 'error',
    problem: `Nomad has a ${mode} claim of allocation ${allocationId}, which it has forgotten`,
    remedy: `Nomad's garbage collection frees such claims of volume "${nomad.volume.ID}", which goes on by itself every five minutes.`,
    command: commandLine('nomad', 'system', 'gc'),
  };
}

function ofEnded(
  nomad: NomadView,
  { allocationId, mode }: Claim,
  allocation: NonNullable<Claim['allocation']>,
): Finding {
  const { ClientStatus, NodeID, NodeName } = allocation;
  const word = ClientStatus === 'pending' ? 'stopped' : ClientStatus;
  return {
    kind: 'claim-of-ended-allocation',
    part: 'claims',
    severity: 'error',
    problem: `Nomad still has a ${mode} claim of allocation ${allocationId}, which is ${word}, on node "${NodeName}"`,
    remedy: 'Nomad frees it within minutes where the plugin answers; detaching does so now.',
    command: nomadVolumeCommand('detach', nomad.volume, NodeID),
  };
}

/** Claims on nodes that are down, out of sight or forgotten. */
export const claimsOnLostNodes: Rule = ({ nomad }) => {
  if (!nomad) return [];
  return liveClaims(nomad).flatMap((claim): Finding[] => {
    const node = nodeOf(nomad, claim);
    const id = claim.allocation?.NodeID ?? '';
    if (node !== undefined && !['down', 'disconnected'].includes(node.status)) return [];
    const words =
      node === undefined
        ? `${id}, which Nomad has forgotten`
        : `"${node.name}", which is ${node.status}`;
    return [
      {
        kind: 'claim-on-lost-node',
        part: 'claims',
        severity: 'error',
        problem: `allocation ${claim.allocationId} has the volume on node ${words}`,
        remedy:
          'Make sure that the machine is off, and not only out of sight: two writers destroy a file system. Then detaching frees the volume for other nodes.',
        command: nomadVolumeCommand('detach', nomad.volume, id),
      },
    ];
  });
};
