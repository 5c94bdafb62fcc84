import { formatHandle, type VolumeHandle } from '../handle.js';
import { parseObject } from '../json.js';
import { keyOfImageName, nameKey } from '../name.js';
import { ownRecord, type PlannedVolume, parseRecord, readPlanned } from '../record.js';
import type { Cluster, Image } from '../store.js';
import type { InspectedRecord } from './inspected.js';
import type { Located } from './locate.js';

/** What the plugin that made a volume wrote of it; undefined for an image that no plugin made. */
export async function inspectRecord(
  { cluster, handle, journal }: Located,
  image: Image | undefined,
): Promise<InspectedRecord | undefined> {
  if (journal === undefined) return ofPannier(cluster, handle, image);
  const state =
    image === undefined ? 'no-image' : differs(journal.imageId, image) ? 'differs' : 'whole';
  return {
    keeper: 'ceph-csi',
    name: journal.name,
    sizeBytes: undefined,
    source: '',
    layout: '',
    host: undefined,
    state,
  };
}

function differs(imageId: string, image: Image): boolean {
  return imageId !== '' && imageId !== image.id;
}

async function ofPannier(
  cluster: Cluster,
  handle: VolumeHandle,
  image: Image | undefined,
): Promise<InspectedRecord | undefined> {
  const mark = image && ownRecord(image);
  const key = mark === undefined ? keyOfImageName(handle.image) : nameKey(mark.name);
  if (key === undefined) return undefined;
  const id = formatHandle(handle);
  const listed = parseRecord(await entryOf(cluster, key));
  const entry = listed?.handle === id ? listed : undefined;
  if (mark !== undefined && mark.handle === id) {
    const state =
      listed === undefined ? 'no-entry' : entry?.image === mark.image ? 'whole' : 'differs';
    return recordOf(mark, state);
  }
  if (entry !== undefined) {
    const state =
      image === undefined ? 'no-image' : entry.image === image.id ? 'no-mark' : 'differs';
    return recordOf(entry, state);
  }
  const pending = readPlanned(pendingOf(await cluster.names.read(key)));
  return pending?.handle === id ? recordOf(pending, 'pending') : undefined;
}

/** The entry of an index: the plugin's own, or that of another installation with another default pool. */
async function entryOf(cluster: Cluster, key: string): Promise<string | undefined> {
  const own = await cluster.names.read(key);
  if (own !== undefined) return own;
  for (const { names } of await cluster.indexesElsewhere()) {
    const other = await names.read(key);
    if (other !== undefined) return other;
  }
  return undefined;
}

function pendingOf(text: string | undefined): Record<string, unknown> | undefined {
  const { pending } = parseObject(text) ?? {};
  return typeof pending === 'object' && pending !== null
    ? (pending as Record<string, unknown>)
    : undefined;
}

function recordOf(record: PlannedVolume, state: InspectedRecord['state']): InspectedRecord {
  const { name, source, layout, host } = record;
  const sizeBytes = BigInt(record.sizeBytes);
  return { keeper: 'pannier', name, sizeBytes, source, layout, host, state };
}
