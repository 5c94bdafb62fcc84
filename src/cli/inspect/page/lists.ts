import type { InspectedImage } from '../../../volume/inspect/inspected.js';
import { formatBytes } from '../../../volume/size.js';
import { type Cell, table } from '../../columns.js';
import { formatTime } from '../../time.js';
import type { Gathered } from '../gather.js';
import { nodeName, nodeNames, type Section } from './section.js';

/** Who has an image and what hangs on it; the body of an empty list is ''. One that is not known is left out. */
export function imageLists(gathered: Gathered, image: InspectedImage): Section[] {
  const list = <T>(
    title: string,
    part: Section['part'],
    rows: readonly T[] | undefined,
    header: readonly string[],
    cells: (row: T) => Cell[],
  ): Section[] =>
    rows === undefined
      ? []
      : [{ title, part, body: rows.length === 0 ? '' : table(header, rows.map(cells)) }];
  const { published, watchers, locks, snapshots, parents, children } = image;
  return [
    ...list(
      'Published',
      undefined,
      published && Object.entries(published),
      ['Node', 'Access Mode', 'Kind', 'Read-only'],
      ([node, { mode, access, readonly, unstaged }]) => [
        `${nodeName(gathered, node)}${unstaged ? ' (unstaged)' : ''}`,
        ...[mode, access, readonly],
      ],
    ),
    ...list(
      'Watchers',
      'watchers',
      watchers,
      ['Client', 'Address', 'Node', 'Does'],
      ({ address, clientId, nodes, works }) => [
        ...[`client.${clientId}`, address, nodeNames(gathered, nodes)],
        works ? 'works on it for a controller' : 'uses it',
      ],
    ),
    ...list(
      'Locks',
      'locks',
      locks,
      ['Lock', 'Kind', 'Client', 'Address', 'Node', 'Cookie'],
      ({ name, exclusive, client, address, nodes, cookie }) => [
        ...[name, exclusive ? 'exclusive' : 'shared', client, address],
        ...[nodeNames(gathered, nodes), cookie],
      ],
    ),
    ...list(
      'Snapshots',
      undefined,
      snapshots,
      ['Snapshot', 'Size', 'Created', 'Clones', 'Kind'],
      ({ name, handle, sizeBytes, created, clones, kind }) => [
        ...[handle ?? name, formatBytes(sizeBytes), formatTime(created), clones],
        kind === 'trash' ? 'deleted, kept by its clones' : kind === 'user' ? '' : kind,
      ],
    ),
    ...list('Parents', undefined, parents, ['Image', 'Snapshot', 'Volume'], (parent) => [
      imageSpec({ ...parent, image: parent.image ?? `${parent.imageId} (in the trash)` }),
      ...[parent.snapshot, parent.volume],
    ]),
    ...list('Children', undefined, children, ['Image', 'RBD ID', 'In The Trash'], (child) => [
      ...[imageSpec(child), child.imageId, child.inTrash],
    ]),
  ];
}

/** What `rbd` calls an image. */
function imageSpec(place: {
  readonly pool: string;
  readonly namespace: string;
  readonly image: string;
}): string {
  const { pool, namespace, image } = place;
  return [pool, ...(namespace === '' ? [] : [namespace]), image].join('/');
}
