import type {
  InspectedImage,
  InspectedRecord,
  InspectedVolume,
} from '../../../volume/inspect/inspected.js';
import { formatBytes } from '../../../volume/size.js';
import { type Cell, keyValues } from '../../columns.js';
import { sizeInWords } from '../../sizes.js';
import { formatTime } from '../../time.js';
import type { Gathered } from '../gather.js';
import { imageLists } from './lists.js';
import { gapLines, notKnown, type Section } from './section.js';

/** What the plugin wrote and what Ceph has. A list that is empty is a line; one that is not known is a gap. */
export function imageSections(gathered: Gathered): Section[] {
  const { ceph } = gathered;
  if (ceph === undefined || ceph === null) {
    const body = ceph === null ? 'there is no such image' : notKnown(gathered, 'controller');
    return [{ title: 'Image', body, part: 'image' }];
  }
  const { record, image, gaps } = ceph;
  const lists = image === undefined ? [] : imageLists(gathered, image);
  return [
    {
      title: 'Record',
      body: record ? keyValues(recordLines(record)) : 'no plugin wrote one: it is a plain image',
      part: 'record',
    },
    {
      title: 'Image',
      body: [
        image ? keyValues([...imageLines(ceph, image), ...emptyLines(lists)]) : withoutImage(ceph),
        ...gapLines(gaps),
      ].join('\n'),
      part: 'image',
    },
    ...lists.filter(({ body }) => body !== ''),
  ];
}

function emptyLines(lists: readonly Section[]): Array<[string, Cell]> {
  return lists.filter(({ body }) => body === '').map(({ title }) => [title, 'none']);
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
    ...(record.host === undefined ? [] : [['Host', record.host] satisfies [string, Cell]]),
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
    ['Features', features?.join(', ')],
    ['Object Size', objectSizeBytes && formatBytes(objectSizeBytes)],
    ...(dataPool === undefined ? [] : [['Data Pool', dataPool] satisfies [string, Cell]]),
    ['Created', created && formatTime(created)],
    ...(ceph.flattenedPercent === undefined
      ? []
      : [['Flattened', `${ceph.flattenedPercent} %`] satisfies [string, Cell]]),
    ...(image.deleting ? [['Being Deleted', true] satisfies [string, Cell]] : []),
  ];
}
