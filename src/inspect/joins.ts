import { isOver } from '../nomad/allocations.js';
import { formatHandle } from '../volume/handle.js';
import { commandLine } from './command-line.js';
import type { Claim, ClientNode, Known, NodeView, NomadView } from './known.js';

/** The claims of allocations that are not over. */
export function liveClaims({ claims }: NomadView): readonly Claim[] {
  return claims.filter(({ allocation }) => allocation !== undefined && !isOver(allocation));
}

/** The node that a claim is on; undefined where Nomad has forgotten it or its allocation. */
export function nodeOf({ nodes }: NomadView, { allocation }: Claim): ClientNode | undefined {
  return nodes.find(({ id }) => id === allocation?.NodeID);
}

/** What a plugin may call a node of Nomad's. */
export function csiIdsOf({ id, name, csiId }: ClientNode): readonly string[] {
  return csiId === undefined ? [id, name] : [csiId];
}

/** The node of Nomad's that a plugin calls so. */
export function clientNode(nomad: NomadView, csiId: string): ClientNode | undefined {
  return nomad.nodes.find((node) => csiIdsOf(node).includes(csiId));
}

/** What a plugin calls a node, with Nomad's name of it where that is another one: `"web-1" (7d3f…)`. */
export function nodeWords({ nomad }: Pick<Known, 'nomad'>, csiId: string): string {
  const name = nomad ? clientNode(nomad, csiId)?.name : undefined;
  return name === undefined || name === csiId ? `"${csiId}"` : `"${name}" (${csiId})`;
}

/** Whether Nomad holds the node that a plugin calls so for down, or has forgotten it. */
export function isLost(nomad: NomadView, csiId: string): boolean {
  return clientNode(nomad, csiId)?.status === 'down' || nomad.forgotten.includes(csiId);
}

/** The live claims of a node, by CSI's id of it. */
export function claimsOn(nomad: NomadView, csiId: string): readonly Claim[] {
  const node = clientNode(nomad, csiId);
  return liveClaims(nomad).filter(({ allocation }) => allocation?.NodeID === node?.id);
}

/**
 * True where no allocation has the volume on a node, by CSI's id of it. A claim on a node of which the plugin's name
 * is not known may be on that one.
 */
export function isUnclaimed(nomad: NomadView, csiId: string): boolean {
  if (claimsOn(nomad, csiId).length > 0) return false;
  return liveClaims(nomad).every((claim) => nodeOf(nomad, claim)?.csiId !== undefined);
}

/** What the plugin on a node of Nomad's tells; undefined where it was not reached. */
export function viewOf({ nodes }: Known, node: ClientNode): NodeView | undefined {
  return nodes.find(({ nodeId }) => csiIdsOf(node).includes(nodeId));
}

/** A command of Pannier's that goes straight to the controller. */
export function controllerCommand(
  { at: { controller } }: Known,
  [first = '', ...rest]: readonly string[],
  ...words: readonly string[]
): string {
  const endpoint = controller === undefined ? [] : [`-endpoint=${controller}`];
  return commandLine('pannier', first, ...rest, ...endpoint, ...words);
}

/** A volume's ID for commands of Pannier's. */
export function idOf({ ceph, nomad }: Known): string {
  if (ceph) return formatHandle(ceph.handle);
  return nomad?.volume.ExternalID ?? '';
}
