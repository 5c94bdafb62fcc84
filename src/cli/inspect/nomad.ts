import { csiIdsOf } from '../../inspect/joins.js';
import type { ClientNode, NomadView } from '../../inspect/known.js';
import type { NomadClient } from '../../nomad/client.js';
import { NomadError, wordsOf } from '../../nomad/errors.js';
import { listNodes, type NodeStub, readNode } from '../../nomad/nodes.js';
import { type NomadPlugin, readPlugin } from '../../nomad/plugins.js';
import { listVolumes, type NomadVolume, readVolume, type VolumeStub } from '../../nomad/volumes.js';
import { Gaps } from '../../volume/inspect/gaps.js';
import { onlyOne } from '../matching.js';
import { volumeTable } from '../nomad/volumes.js';

/**
 * What Nomad knows of a volume that is named by Nomad's ID, the beginning of it, the name, or the plugin's ID; null
 * where it knows none. Throws NomadError, and CommandError, AMBIGUOUS.
 */
export async function readNomad(nomad: NomadClient, id: string): Promise<NomadView | null> {
  const gaps = new Gaps(wordsOf);
  const all = await listEverywhere(nomad, gaps);
  const found = pick(all, id, nomad.settings.namespace);
  const answer = found && (await readVolume(nomad, found.ID, { namespace: found.Namespace }));
  if (answer === undefined) return null;
  const { document: volume } = answer;
  const [plugin, nodes] = await Promise.all([
    gaps.read('plugin', readPlugin(nomad, volume.PluginID), undefined),
    gaps.read('nodes', listNodes(nomad), undefined),
  ]);
  return {
    volume,
    claims: claimsOf(volume),
    nodes: nodesOf(volume, plugin?.document, nodes?.document),
    forgotten: [],
    twins: all
      .filter((one) => one.ExternalID === volume.ExternalID && !isSame(one, volume))
      .map(({ ID, Namespace }) => ({ id: ID, namespace: Namespace })),
    gaps: gaps.found,
  };
}

const NODE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Those of a plugin's nodes that are called as Nomad's are, and of which Nomad has none. */
export async function forgottenNodes(
  nomad: NomadClient,
  { nodes }: NomadView,
  csiIds: readonly string[],
): Promise<string[]> {
  const unseen = csiIds.filter(
    (id) => NODE_ID.test(id) && !nodes.some((node) => csiIdsOf(node).includes(id)),
  );
  const found = await Promise.all(
    [...new Set(unseen)].map(async (id) => ({
      id,
      // What may not be read is not forgotten.
      isThere: await readNode(nomad, id).then(
        (node) => node !== undefined,
        () => true,
      ),
    })),
  );
  return found.filter(({ isThere }) => !isThere).map(({ id }) => id);
}

/** The volumes of all namespaces, or of its own where the token may see no other. */
async function listEverywhere(nomad: NomadClient, gaps: Gaps): Promise<readonly VolumeStub[]> {
  try {
    return (await listVolumes(nomad, { namespace: '*' })).document;
  } catch (error) {
    if (!(error instanceof NomadError) || error.code !== 'PERMISSION_DENIED') throw error;
    const own = await listVolumes(nomad);
    gaps.found.push({ part: 'other namespaces', problem: wordsOf(error) });
    return own.document;
  }
}

/** A namespace that was asked for is the only one; otherwise the default one counts first. */
function pick(
  all: readonly VolumeStub[],
  id: string,
  namespace: string | undefined,
): VolumeStub | undefined {
  const asked = namespace === undefined || namespace === '*' ? undefined : namespace;
  const here = asked === undefined ? all : all.filter((one) => one.Namespace === asked);
  const first = here.filter((one) => one.Namespace === (asked ?? 'default'));
  const attempts: ReadonlyArray<readonly VolumeStub[]> = [
    first.filter((one) => one.ID === id),
    here.filter((one) => one.ID === id),
    first.filter((one) => one.ExternalID === id || one.Name === id),
    here.filter((one) => one.ExternalID === id),
    here.filter((one) => one.Name === id),
    here.filter((one) => one.ID.startsWith(id)),
  ];
  const found = attempts.find((matches) => matches.length > 0) ?? [];
  // Of twins, which stand for one image, any will do.
  const images = new Map(found.map((one) => [one.ExternalID, { ...one, id: one.ID }]));
  return onlyOne([...images.values()], 'Prefix matched multiple volumes', volumeTable);
}

function isSame(one: VolumeStub, { ID, Namespace }: NomadVolume): boolean {
  return one.ID === ID && one.Namespace === Namespace;
}

function claimsOf({ ReadAllocs, WriteAllocs, Allocations }: NomadVolume): NomadView['claims'] {
  const claim = (mode: 'read' | 'write') => (allocationId: string) => ({
    ...{ allocationId, mode },
    allocation: Allocations.find(({ ID }) => ID === allocationId),
  });
  return [
    ...Object.keys(WriteAllocs).map(claim('write')),
    ...Object.keys(ReadAllocs).map(claim('read')),
  ];
}

/** The nodes that run the plugin or a claim's allocation, with the plugin's own names of them. */
function nodesOf(
  { Allocations }: NomadVolume,
  plugin: NomadPlugin | undefined,
  stubs: readonly NodeStub[] | undefined,
): ClientNode[] {
  const instances = plugin?.Nodes ?? {};
  const ids = new Set([...Object.keys(instances), ...Allocations.map(({ NodeID }) => NodeID)]);
  return [...ids].flatMap((id) => {
    const stub = stubs?.find(({ ID }) => ID === id);
    // Nomad lists every node that it has.
    if (stub === undefined && stubs !== undefined) return [];
    const instance = instances[id];
    return [
      {
        id,
        name: stub?.Name ?? Allocations.find(({ NodeID }) => NodeID === id)?.NodeName ?? id,
        status: stub?.Status ?? 'unknown',
        csiId: instance?.NodeInfo?.ID || undefined,
        pluginHealthy: instance?.Healthy ?? false,
      },
    ];
  });
}
