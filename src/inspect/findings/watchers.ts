import type { InspectedImage } from '../../volume/inspect/inspected.js';
import { commandLine } from '../command-line.js';
import type { Finding, Rule } from '../finding.js';
import { isUnclaimed } from '../joins.js';
import type { Known, NodeView } from '../known.js';

type Watcher = InspectedImage['watchers'][number];

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

/** Nodes that have the image open, and neither claim nor publication for it. */
export const watchersWithoutClaim: Rule = (known) => {
  const { ceph, nomad } = known;
  if (!ceph?.image || nomad === undefined) return [];
  const published = Object.keys(ceph.image.published);
  const explained = (node: string) =>
    published.includes(node) || (nomad !== null && !isUnclaimed(nomad, node));
  return users(ceph.image)
    .filter(({ nodes }) => nodes.length > 0 && !nodes.some(explained))
    .map((watcher) => finding(known, watcher));
};

function finding(known: Known, { address, nodes }: Watcher): Finding {
  const view = known.nodes.find(({ nodeId }) => nodes.includes(nodeId));
  return {
    kind: 'watcher-without-claim',
    part: 'watchers',
    severity: 'error',
    problem: `node ${named(nodes)} has the image open as client ${address}, and it has neither a claim nor a publication`,
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

/** Those that use the image's data, and not the controllers that work on it. */
function users(image: InspectedImage | undefined): readonly Watcher[] {
  return (image?.watchers ?? []).filter(({ works }) => !works);
}

function named(nodes: readonly string[]): string {
  return nodes.map((node) => `"${node}"`).join(' or ');
}
