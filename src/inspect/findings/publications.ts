import { heldOf } from '../../volume/marks.js';
import { type Finding, type Rule, stopCommand } from '../finding.js';
import { controllerCommand, idOf, isUnclaimed, liveClaims, nodeOf, nodeWords } from '../joins.js';

/** Nodes that the plugin has the volume published on, whose part has not given it up, and on which Nomad has no claim. */
export const publishedWithoutClaim: Rule = (known) => {
  const { nomad, ceph } = known;
  const published = ceph?.image?.published;
  if (!nomad || published === undefined) return [];
  return Object.keys(heldOf(published))
    .filter((node) => isUnclaimed(nomad, node))
    .map((node) => ({
      kind: 'published-without-claim',
      part: 'claims',
      severity: 'error',
      problem: `the plugin has the volume published on node ${nodeWords(known, node)}, on which Nomad has no claim: other nodes may not get it`,
      remedy: 'Where nothing uses it there any more, this takes the publication back.',
      // Nomad takes nothing back of which it has no claim.
      command: controllerCommand(known, ['volume', 'unmount'], `-node=${node}`, idOf(known)),
    }));
};

/** Running allocations whose node the plugin does not have the volume published on: another node may take it. */
export const claimWithoutPublication: Rule = ({ nomad, ceph }) => {
  if (!nomad?.volume.ControllerRequired || ceph?.record?.keeper === 'ceph-csi') return [];
  if (ceph?.image?.published === undefined) return [];
  const published = Object.keys(heldOf(ceph.image.published));
  return liveClaims(nomad).flatMap((claim): Finding[] => {
    const node = nodeOf(nomad, claim);
    if (node?.csiId === undefined || claim.allocation?.ClientStatus !== 'running') return [];
    if (published.includes(node.csiId)) return [];
    return [
      {
        kind: 'claim-without-publication',
        part: 'claims',
        severity: 'error',
        problem: `allocation ${claim.allocationId} runs on node "${node.name}", on which the plugin does not have the volume published: another node could get it too`,
        remedy: "Stopping the allocation lets the job's next one publish it anew.",
        command: stopCommand(claim.allocation),
      },
    ];
  });
};
