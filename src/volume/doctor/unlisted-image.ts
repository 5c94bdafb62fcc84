import { parseClaim } from '../create/claim.js';
import { formatRestoring, parseRestoring } from '../delete/restoring.js';
import { undeleteVolume } from '../delete/undelete.js';
import { formatHandle, type VolumeHandle } from '../handle.js';
import { DELETING_KEY, isBeingDeleted, isDiscarded } from '../marks.js';
import { nameKey } from '../name.js';
import { parseRecord, RECORD_KEY, recordOf, restoredRecord, type VolumeRecord } from '../record.js';
import type { Image } from '../store.js';
import { imageTask } from './image-without-task.js';
import { imageWords, type Subject, type Trouble, type Ward } from './trouble.js';
import { isUntouched, throwAway } from './untouched.js';

/** Images with a record of their own under its handle, whose name's entry is missing or another one's. */
export function unlistedImages(ward: Ward): Subject[] {
  const { name: cluster } = ward.cluster;
  return ward.survey.grounds.flatMap(({ place: { pool, namespace }, named }) =>
    [...named.keys()].map((image) => {
      const handle = { cluster, pool, namespace, image };
      return { id: `image "${formatHandle(handle)}"`, look: () => look(ward, handle) };
    }),
  );
}

async function look(ward: Ward, handle: VolumeHandle): Promise<Trouble[]> {
  const image = await ward.survey.image(handle);
  const record = image && recordOf(image, handle);
  if (image === undefined || record === undefined || isDiscarded(image)) return [];
  const key = nameKey(record.name);
  const entry = ward.survey.names.get(key);
  if (ward.survey.isElsewhere('names', key)) return [];
  if (entry === undefined || entry === '')
    return [
      isBeingDeleted(image)
        ? takenBack(ward, handle, image, record)
        : withoutEntry(ward, handle, image, record),
    ];
  return isOfAnother(entry, record) ? [await ofLostCreation(ward, handle, image, record)] : [];
}

/** True for an entry that says whose the name is, and that it is not and cannot become this image's. */
function isOfAnother(entry: string, { claim, image }: VolumeRecord): boolean {
  const under = parseClaim(entry);
  if (under !== undefined)
    return under.pending.claim !== claim && !under.replaces.some((dead) => dead.claim === claim);
  const committed = parseRecord(entry) ?? parseRestoring(entry)?.record;
  return committed !== undefined && committed.image !== image;
}

function withoutEntry(
  ward: Ward,
  handle: VolumeHandle,
  image: Image,
  record: VolumeRecord,
): Trouble {
  const text = image.metadata.get(RECORD_KEY) ?? '';
  return {
    kind: 'image-without-entry',
    subject: imageWords(ward, handle, handle.image, record.name),
    problem: 'the index of volumes has no entry for it, so that no listing shows it',
    seen: text,
    remedy: {
      words: 'put the entry back, from the record in the image',
      act: () => putBack(ward, handle, text, record),
    },
  };
}

/** Puts the entry of a volume back; where its image went away meanwhile the entry goes again, as by its deletion. */
async function putBack(
  { controller, cluster }: Ward,
  handle: VolumeHandle,
  text: string,
  record: VolumeRecord,
): Promise<boolean> {
  const key = nameKey(record.name);
  const restored = await controller.effect('doctor/restore-entry', () =>
    cluster.names.swap(key, undefined, text),
  );
  if (restored !== 'swapped') return false;
  const image = await cluster.readImage(handle);
  if (image?.metadata.get(RECORD_KEY) === text) return true;
  const left = await cluster.readImageById(handle, record.image);
  const put = left && isBeingDeleted(left) ? [imageTask(controller, handle, record)] : [];
  await controller.effect('doctor/release-entry', () =>
    cluster.names.swap(key, text, undefined, { put }),
  );
  return false;
}

/**
 * A deletion lets go of the entry after it moved the image: one that is marked, has its name and no entry was moved,
 * and somebody gave it its name back with `rbd`. It is taken back as by an undeletion.
 */
function takenBack(ward: Ward, handle: VolumeHandle, image: Image, record: VolumeRecord): Trouble {
  const { controller, cluster, survey } = ward;
  const key = nameKey(record.name);
  const task = imageTask(controller, handle, record);
  const found = survey.tasks.find(({ stored }) => stored.key === key && stored.id === task.id);
  const begun = found?.task?.kind === 'image' && found.task.begun;
  const trouble = {
    kind: 'image-taken-back',
    subject: imageWords(ward, handle, handle.image, record.name),
    problem: 'it was deleted and somebody gave it its name back, and it is marked as deleted still',
    seen: `${image.metadata.get(DELETING_KEY)} ${found?.stored.value}`,
  };
  if (begun)
    return {
      ...trouble,
      problem: `${trouble.problem}; its space was being freed, so that its data may be gone: look at it, and remove it with \`rbd rm\``,
    };
  return {
    ...trouble,
    remedy: {
      words: 'put its entry back, and take the mark away',
      async act() {
        const take = found === undefined ? [] : [found.stored];
        const restoring = { record: restoredRecord(record), task: found?.stored ?? task };
        const claimed = await controller.effect('doctor/restore-entry', () =>
          cluster.names.swap(key, undefined, formatRestoring(restoring), { take }),
        );
        if (claimed !== 'swapped') return false;
        await undeleteVolume(controller, record.handle, record.image);
        return true;
      },
    },
  };
}

async function ofLostCreation(
  ward: Ward,
  handle: VolumeHandle,
  image: Image,
  record: VolumeRecord,
): Promise<Trouble> {
  const { cluster } = ward;
  const trouble = {
    kind: 'image-of-lost-creation',
    subject: imageWords(ward, handle, handle.image, record.name),
    seen: image.metadata.get(RECORD_KEY) ?? '',
  };
  const problem = `the entry of its name belongs to another creation`;
  if (!(await isUntouched(cluster, handle, image)))
    return {
      ...trouble,
      problem: `${problem}, and it is in use or something was written to it: look at it, and remove it with \`rbd rm\` if its data is not needed`,
    };
  const act = () =>
    throwAway(ward, nameKey(record.name), handle, record, (now) => {
      return now.metadata.get(RECORD_KEY) === trouble.seen;
    });
  return {
    ...trouble,
    problem,
    remedy: { words: 'throw it away: nothing was written to it', act },
  };
}
