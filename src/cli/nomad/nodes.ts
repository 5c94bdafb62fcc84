import type { NomadClient } from '../../nomad/client.js';
import { listNodes, type NodeStub } from '../../nomad/nodes.js';
import { table } from '../columns.js';
import { CommandError } from '../errors.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The ID of the node that has this ID, beginning of an ID, or name. One that Nomad forgot has a whole ID still. */
export async function findNodeId(nomad: NomadClient, text: string): Promise<string> {
  if (UUID.test(text)) return text;
  const { document: nodes } = await listNodes(nomad);
  const named = nodes.filter(({ Name }) => Name === text);
  const found = named.length > 0 ? named : nodes.filter(({ ID }) => ID.startsWith(text));
  const [node] = found;
  if (node !== undefined && found.length === 1) return node.ID;
  throw node === undefined
    ? new CommandError(`Nomad has no node "${text}"`, {
        code: 'NOT_FOUND',
        remedy:
          'List what there is with `nomad node status`. One that is gone is named by its whole ID.',
      })
    : new CommandError('Prefix matched multiple nodes', {
        text: nodeTable(found),
        code: 'AMBIGUOUS',
        details: found.map(({ ID }) => ID),
      });
}

function nodeTable(nodes: readonly NodeStub[]): string {
  return table(
    ['ID', 'Name', 'Status'],
    nodes.map(({ ID, Name, Status }) => [ID, Name, Status]),
  );
}
