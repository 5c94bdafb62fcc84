import type {
  InspectedImage,
  InspectedRecord,
  InspectedVolume,
} from '../../../volume/inspect/inspected.js';
import { formatBytes } from '../../../volume/size.js';
import { type Cell, keyValues, table } from '../../columns.js';
import { sizeInWords } from '../../sizes.js';
import { formatTime } from '../../time.js';
import type { Gathered } from '../gather.js';
import { gapLines, notKnown, type Section } from './section.js';

/** What the plugin wrote and what Ceph has; a list that is empty has no section. */
export function imageSections(gathered: Gathered): Section[] {
  const { ceph } = gathered;
  if (ceph === undefined || ceph === null) {
    const body = ceph === null ? 'there is no such image' : notKnown(gathered, 'controller');
    return [{ title: 'Image', body, part: 'image' }];
  }
  const { record, image, gaps } = ceph;
  return [
    {
      title: 'Record',
      body: record ? keyValues(recordLines(record)) : 'no plugin wrote one: it is a plain image',
      part: 'record',
    },
    {
      title: 'Image',
      body: [
        image ? keyValues(imageLines(ceph, image)) : withoutImage(ceph),
        ...gapLines(gaps),
      ].join('\n'),
      part: 'image',
    },
    ...(image ? lists(image) : []),
  ];
}

const STATES: Readonly<Record<InspectedRecord['state'], string>> = {
  whole: 'whole',
  pending: 'being created',
  'no-image': 'without an image',
  'no-mark': 'lost by the image',
  'no-entry': 'without an entry',
  differs: 'of another image',
};

function recordLines(record: InspectedRecord): Array<[string, Cell]> {
  return [
    ['Kept By', record.keeper],
    ['Name', record.name],
    ...(record.sizeBytes === undefined
      ? []
      : [['Asked For', sizeInWords(record.sizeBytes)] satisfies [string, Cell]]),
    ...(record.source === '' ? [] : [['Source', record.source] satisfies [string, Cell]]),
    ...(record.layout === '' ? [] : [['Layout', record.layout] satisfies [string, Cell]]),
    ['State', STATES[record.state]],
  ];
}

function withoutImage({ deleted }: InspectedVolume): string {
  if (deleted.length === 0) return 'there is no such image';
  return deleted
    .map(({ imageId, until, freeing, snapshots, sizeBytes }) => {
      const kept = freeing
        ? 'its space is being freed'
        : `kept until ${formatTime(until)}${snapshots === 0 ? '' : `, and by ${snapshots} snapshots`}`;
      return `deleted: ${formatBytes(sizeBytes)} of image ${imageId}, ${kept}`;
    })
    .join('\n');
}

function imageLines(ceph: InspectedVolume, image: InspectedImage): Array<[string, Cell]> {
  const { used, sizeBytes, created, objectSizeBytes, dataPool, features } = image;
  const usedWords =
    used === undefined
      ? 'not known'
      : used.lookedAtBytes < sizeBytes
        ? `${formatBytes(used.bytes)} in the first ${formatBytes(used.lookedAtBytes)}: it has no object map, and counting takes long`
        : formatBytes(used.bytes);
  return [
    ['RBD ID', image.id],
    ['Size', sizeInWords(sizeBytes)],
    ['Used', usedWords],
    ['Features', features.join(', ')],
    ['Object Size', objectSizeBytes && formatBytes(objectSizeBytes)],
    ...(dataPool === undefined ? [] : [['Data Pool', dataPool] satisfies [string, Cell]]),
    ['Created', created && formatTime(created)],
    ...(ceph.flattenedPercent === undefined
      ? []
      : [['Flattened', `${ceph.flattenedPercent} %`] satisfies [string, Cell]]),
    ...(image.deleting ? [['Being Deleted', true] satisfies [string, Cell]] : []),
  ];
}

function lists(image: InspectedImage): Section[] {
  const { published, watchers, locks, snapshots, parents, children } = image;
  const nodes = Object.entries(published);
  const section = <T>(
    title: string,
    rows: readonly T[],
    header: readonly string[],
    cells: (row: T) => Cell[],
    part?: Section['part'],
  ): Section[] =>
    rows.length === 0
      ? []
      : [{ title, body: table(header, rows.map(cells)), ...(part === undefined ? {} : { part }) }];
  return [
    ...section(
      'Published',
      nodes,
      ['Node', 'Access Mode', 'Kind', 'Read-only'],
      ([node, { mode, access, readonly }]) => [node, mode, access, readonly],
    ),
    ...section(
      'Watchers',
      watchers,
      ['Client', 'Address', 'Node', 'Does'],
      ({ address, clientId, nodes: at, works }) => [
        `client.${clientId}`,
        address,
        at.join(' or ') || 'no node',
        works ? 'works on it for a controller' : 'uses it',
      ],
      'watchers',
    ),
    ...section(
      'Locks',
      locks,
      ['Lock', 'Kind', 'Client', 'Address', 'Node', 'Cookie'],
      ({ name, exclusive, client, address, nodes: at, cookie }) => [
        ...[name, exclusive ? 'exclusive' : 'shared', client, address],
        ...[at.join(' or ') || 'no node', cookie],
      ],
      'locks',
    ),
    ...section(
      'Snapshots',
      snapshots,
      ['Snapshot', 'Size', 'Created', 'Clones', 'Kind'],
      ({ name, handle, sizeBytes, created, clones, kind }) => [
        handle ?? name,
        formatBytes(sizeBytes),
        formatTime(created),
        clones,
        kind === 'trash' ? 'deleted, kept by its clones' : kind === 'user' ? '' : kind,
      ],
    ),
    ...section('Parents', parents, ['Image', 'Snapshot', 'Volume'], (parent) => [
      specOf(
        parent.image === undefined
          ? { ...parent, image: `${parent.imageId} (in the trash)` }
          : { ...parent, image: parent.image },
      ),
      parent.snapshot,
      parent.volume,
    ]),
    ...section('Children', children, ['Image', 'RBD ID', 'In The Trash'], (child) => [
      ...[specOf(child), child.imageId, child.inTrash],
    ]),
  ];
}

function specOf({
  pool,
  namespace,
  image,
}: {
  readonly pool: string;
  readonly namespace: string;
  readonly image: string;
}): string {
  return [pool, ...(namespace === '' ? [] : [namespace]), image].join('/');
}
