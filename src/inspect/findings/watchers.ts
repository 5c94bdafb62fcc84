import type { InspectedImage } from '../../volume/inspect/inspected.js';
import { heldOf } from '../../volume/marks.js';
import { commandLine } from '../command-line.js';
import type { Finding, Rule } from '../finding.js';
import { isLost, isUnclaimed, nodeWords } from '../joins.js';
import type { Known, NodeView, NomadView } from '../known.js';

/** A day: Ceph's own hour may end before somebody has come to the machine, which would write again then. */
const BLOCK_SECONDS = '86400';

/** A client that uses the image's data, and the nodes that it may be on. */
interface User {
  readonly address: string;
  readonly nodes: readonly string[];
}

/** Ceph clients that have the image open and speak from no node that a plugin is on. */
export const strangers: Rule = ({ ceph }) =>
  users(ceph?.image)
    .filter(({ nodes }) => nodes.length === 0)
    .map(({ address }) => ({
      kind: 'watcher-is-no-node',
      part: 'watchers',
      severity: 'warning',
      problem: `client ${address} has the image open, and no node of the plugin speaks from there`,
      remedy:
        'It may be another plugin, a virtual machine, or somebody who mapped it by hand: find it by its address and end it there.',
      command: null,
    }));

/** Clients on nodes that Nomad does not hear of: who is only out of sight goes on writing. */
export const watchersOnLostNodes: Rule = (known) => {
  const { nomad, ceph } = known;
  if (!nomad) return [];
  return users(ceph?.image)
    .filter((user) => isOnLost(nomad, user))
    .map(({ address, nodes }) => ({
      kind: 'watcher-on-lost-node',
      part: 'watchers',
      severity: 'error',
      problem: `client ${address} on node ${named(known, nodes)} has the image open, and Nomad does not hear of that node: it may still write`,
      remedy:
        'Of a machine that is off Ceph forgets the client within 30 seconds. Where the machine runs and is only out of sight, this keeps that client from Ceph for a day; what it has not written is lost then.',
      command: commandLine('ceph', 'osd', 'blocklist', 'add', address, BLOCK_SECONDS),
    }));
};

/**
 * Nodes that have the image open, and neither claim nor publication for it. Mesos's isolator volume/csi publishes
 * nothing at a controller.
 */
export const watchersWithoutClaim: Rule = (known) => {
  const { ceph, nomad, mesos } = known;
  if (ceph?.image?.published === undefined || nomad === undefined || mesos) return [];
  const published = Object.keys(heldOf(ceph.image.published));
  const explained = (node: string) =>
    published.includes(node) || (nomad !== null && !isUnclaimed(nomad, node));
  return users(ceph.image)
    .filter(({ nodes }) => nodes.length > 0 && !nodes.some(explained))
    .filter((user) => nomad === null || !isOnLost(nomad, user))
    .map((user) => withoutClaim(known, user));
};

function withoutClaim(known: Known, { address, nodes }: User): Finding {
  const view = known.nodes.find(({ nodeId }) => nodes.includes(nodeId));
  return {
    kind: 'watcher-without-claim',
    part: 'watchers',
    severity: 'error',
    problem: `node ${named(known, nodes)} has the image open as client ${address}, and it has neither a claim nor a publication`,
    remedy: view
      ? 'Where nothing uses it there any more, this takes it down.'
      : 'Ask the plugin on that node with -node-endpoint what it has of the volume; a client that died is forgotten after 30 seconds.',
    command: view === undefined ? null : takeDownCommand(view),
  };
}

/** Takes what a node has of the volume down; null where there is no path to say so of. */
export function takeDownCommand({ endpoint, stagings }: NodeView): string | null {
  const paths = stagings.flatMap(({ path, targets }) => [...targets.map((one) => one.path), path]);
  const [path] = paths;
  return path === undefined
    ? null
    : commandLine('pannier', 'volume', 'unmount', `-endpoint=${endpoint}`, path);
}

/** True where each node that the client may be on is one that Nomad does not hear of. */
function isOnLost(nomad: NomadView, { nodes }: User): boolean {
  return nodes.length > 0 && nodes.every((node) => isLost(nomad, node));
}

/** Those that use the image's data, and not the controllers that work on it; none of which it is not known where they are. */
function users(image: InspectedImage | undefined): readonly User[] {
  return (image?.watchers ?? []).flatMap(({ address, nodes, works }) =>
    works || nodes === undefined ? [] : [{ address, nodes }],
  );
}

function named(known: Known, nodes: readonly string[]): string {
  return nodes.map((node) => nodeWords(known, node)).join(' or ');
}
