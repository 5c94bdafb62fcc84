import type { Controller } from '../controller.js';
import { parseRestoring } from '../delete/restoring.js';
import { tombstoneName } from '../delete/tombstone.js';
import { isDiscarded, isMarkedToGo } from '../marks.js';
import { nameKey } from '../name.js';
import { ownRecord, parseRecord, type VolumeRecord } from '../record.js';
import type { Image, Place } from '../store.js';
import { type ImageTask, taskOf } from '../work/tasks.js';
import {
  imageWords,
  leaveTask,
  type Subject,
  type Trouble,
  trashedWords,
  type Ward,
} from './trouble.js';

/** Images that a deletion or a creation threw away, and that no task will ever free. */
export function imagesWithoutTask(ward: Ward): Subject[] {
  return ward.survey.grounds.flatMap(({ place, named, trashed }) => [
    ...[...named].map(([name, id]) => ({
      id: `thrown away ${place.pool}/${place.namespace}/${id}`,
      look: async () =>
        lookNamed(ward, place, name, await ward.survey.image({ ...place, image: name })),
    })),
    ...trashed.map(({ id }) => ({
      id: `thrown away ${place.pool}/${place.namespace}/${id}`,
      look: async () => lookTrashed(ward, place, await ward.survey.imageById(place, id)),
    })),
  ]);
}

function lookNamed(ward: Ward, place: Place, name: string, image: Image | undefined): Trouble[] {
  const record = image && waitsForTask(ward, place, image);
  if (image === undefined || record === undefined) return [];
  const subject = imageWords(ward, place, name, record.name);
  if (isDiscarded(image))
    return [
      troubleOf(ward, place, record, Date.now(), {
        kind: 'discarded-image-without-task',
        subject,
        problem: 'a creation threw it away and nothing frees its space',
      }),
    ];
  if (name !== tombstoneName(image.id)) return [];
  return [
    troubleOf(ward, place, record, Date.now() + ward.controller.retentionMs, {
      kind: 'tombstone-without-task',
      subject,
      problem: 'it was deleted, and nothing frees its space when its last snapshot goes',
    }),
  ];
}

function lookTrashed(ward: Ward, place: Place, image: Image | undefined): Trouble[] {
  const record = image && waitsForTask(ward, place, image);
  if (image === undefined || record === undefined) return [];
  const kept = ward.survey.inTrash(place, image.id)?.expires.getTime() ?? 0;
  return [
    troubleOf(ward, place, record, Math.max(Date.now(), isDiscarded(image) ? 0 : kept), {
      kind: 'trash-without-task',
      subject: trashedWords(ward, place, image.id, record.name),
      problem: `it was ${isDiscarded(image) ? 'thrown away by a creation' : 'deleted'} and nothing frees its space`,
    }),
  ];
}

/** The record of an image that is thrown away, has no task, and whose entry does not say that it is worked on. */
function waitsForTask({ survey }: Ward, place: Place, image: Image): VolumeRecord | undefined {
  const record = ownRecord(image);
  if (record === undefined || !isMarkedToGo(image)) return undefined;
  if (survey.hasTask(taskFor(place, record, 0))) return undefined;
  const key = nameKey(record.name);
  const entry = survey.names.get(key);
  if (survey.isElsewhere('names', key)) return undefined;
  // A deletion or an undeletion that is not finished is a trouble of the entry.
  const committed = parseRecord(entry) ?? parseRestoring(entry)?.record;
  return committed?.image === image.id ? undefined : record;
}

function troubleOf(
  ward: Ward,
  place: Place,
  record: VolumeRecord,
  until: number,
  words: Pick<Trouble, 'kind' | 'subject' | 'problem'>,
): Trouble {
  const key = nameKey(record.name);
  const entry = ward.survey.names.get(key);
  return {
    ...words,
    seen: entry ?? '',
    remedy: {
      words: 'leave the freeing of its space to the background work',
      act: () => leaveTask(ward, 'names', key, entry, taskFor(place, record, until)),
    },
  };
}

function taskFor(place: Place, record: VolumeRecord, until: number): ImageTask {
  const { pool, namespace } = place;
  const { image: imageId, handle, name } = record;
  const deleted = Date.now();
  return { kind: 'image', pool, namespace, imageId, handle, name, deleted, until, begun: false };
}

/** The task of freeing the image of a volume that is deleted now. */
export function imageTask({ retentionMs }: Controller, place: Place, record: VolumeRecord) {
  return taskOf(taskFor(place, record, Date.now() + retentionMs));
}
