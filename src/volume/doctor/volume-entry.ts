import { finishMarked } from '../delete/delete.js';
import { tombstoneName } from '../delete/tombstone.js';
import { parseHandle, type VolumeHandle } from '../handle.js';
import { DELETING_KEY, isBeingDeleted } from '../marks.js';
import { ownRecord, RECORD_KEY, type VolumeRecord } from '../record.js';
import type { Image } from '../store.js';
import { imageTask } from './image-without-task.js';
import { entryWords, imageWords, type Trouble, type Ward } from './trouble.js';
import { unfinishedMove } from './unfinished-move.js';

/** The entry of a volume, and what there is of its image. */
interface Listed {
  readonly ward: Ward;
  readonly key: string;
  readonly text: string;
  readonly record: VolumeRecord;
  readonly handle: VolumeHandle;
}

export async function lookAtVolume(
  ward: Ward,
  key: string,
  text: string,
  record: VolumeRecord,
): Promise<readonly Trouble[]> {
  const handle = parseHandle(record.handle);
  if (handle === undefined) return [];
  const listed = { ward, key, text, record, handle };
  const image = await ward.survey.image(handle);
  if (image === undefined) return withoutImage(listed);
  if (image.id !== record.image || image.metadata.get(RECORD_KEY) !== text)
    return [unfinishedMove(ward, handle, record, image) ?? ofAnotherImage(listed, image)];
  if (isBeingDeleted(image)) return [unfinishedDeletion(listed, image)];
  return ward.survey.isSomewhere(handle, image.id) ? [] : [withoutName(listed)];
}

async function withoutImage(listed: Listed): Promise<Trouble[]> {
  const { ward, record, handle } = listed;
  const image = await ward.survey.imageById(handle, record.image);
  const deleted = image !== undefined && isBeingDeleted(image);
  if (image === undefined || deleted) {
    const name = ward.survey.nameOf(handle, record.image);
    const isAway = name === undefined || name === tombstoneName(record.image);
    return isAway || image === undefined ? [released(listed, image, deleted)] : [];
  }
  if (ownRecord(image) === undefined) return [];
  const name = ward.survey.nameOf(handle, record.image);
  if (name !== undefined && name !== handle.image) return [renamed(listed, name)];
  if (ward.survey.inTrash(handle, image.id) !== undefined)
    return [released(listed, image, deleted)];
  return [withoutName(listed)];
}

/** What DeleteVolume does of an entry that it left behind. */
function released(listed: Listed, image: Image | undefined, deleted: boolean): Trouble {
  const { ward, key, text, record, handle } = listed;
  const { controller, cluster } = ward;
  const problem =
    image === undefined
      ? `its image "${record.handle}" does not exist`
      : `its image "${record.handle}" is ${deleted ? 'deleted' : 'in the trash, and Pannier did not delete it'}`;
  const words =
    image === undefined
      ? 'release the entry'
      : deleted
        ? 'release the entry, and leave the freeing of the space to the background work'
        : 'release the entry; the image stays in the trash, and `rbd trash restore` takes it back';
  return {
    kind: 'entry-without-image',
    subject: entryWords(ward, 'names', key, record.name),
    problem,
    seen: text,
    remedy: {
      words,
      async act() {
        const put = deleted ? [imageTask(controller, handle, record)] : [];
        const outcome = await controller.effect('doctor/release-entry', () =>
          cluster.names.swap(key, text, undefined, { put }),
        );
        if (outcome !== 'swapped') return false;
        for (const task of put) controller.work.add(cluster.name, 'names', { key, ...task });
        // Somebody may have taken the volume back in between, whose entry is the same again.
        const back = await cluster.readImage(handle);
        if (back?.metadata.get(RECORD_KEY) !== text) return true;
        await controller.effect('doctor/restore-entry', () =>
          cluster.names.swap(key, undefined, text),
        );
        return false;
      },
    },
  };
}

/** An image that is whole, and to which its name does not lead, or that the directory does not list. */
function withoutName({ ward, text, record, handle }: Listed): Trouble {
  const { controller, cluster } = ward;
  return {
    kind: 'image-without-name',
    subject: imageWords(ward, handle, handle.image, record.name),
    problem: `the object "rbd_id.${handle.image}" or the entry in "rbd_directory" is gone, by which the image with id ${record.image} is found`,
    seen: text,
    remedy: {
      words: 'make it anew',
      async act() {
        const outcome = await controller.effect('doctor/restore-name', () =>
          cluster.restoreImage(handle, record.image),
        );
        return outcome === 'restored';
      },
    },
  };
}

function renamed({ ward, text, record, handle }: Listed, name: string): Trouble {
  const { controller, cluster } = ward;
  return {
    kind: 'image-renamed',
    subject: imageWords(ward, handle, handle.image, record.name),
    problem: `somebody renamed it to "${name}", where no call finds it`,
    seen: `${text} ${name}`,
    remedy: {
      words: 'give it its name back',
      async act() {
        const outcome = await controller.effect('doctor/rename-back', () =>
          cluster.renameImage({ ...handle, image: name }, record.image, handle.image),
        );
        return outcome === 'renamed';
      },
    },
  };
}

function ofAnotherImage({ ward, text, record, handle }: Listed, image: Image): Trouble {
  const { controller, cluster } = ward;
  const kept = image.metadata.get(RECORD_KEY);
  const subject = imageWords(ward, handle, handle.image, record.name);
  if (image.id !== record.image || kept !== undefined)
    return {
      kind: 'record-differs',
      subject,
      problem:
        image.id === record.image
          ? `its image metadata "${RECORD_KEY}" is not what the index of volumes has`
          : `it has id ${image.id}, and the index of volumes has id ${record.image}: somebody replaced it`,
      seen: `${text} ${image.id} ${kept}`,
    };
  return {
    kind: 'image-without-record',
    subject,
    problem: `its image metadata "${RECORD_KEY}" is gone, so that it is no volume of Pannier's`,
    seen: text,
    remedy: {
      words: 'write the record again, from the index of volumes',
      async act() {
        const outcome = await controller.effect('doctor/restore-record', () =>
          cluster.swapMetadata(
            handle,
            image.id,
            { [RECORD_KEY]: undefined },
            { [RECORD_KEY]: text },
          ),
        );
        return outcome === 'swapped';
      },
    },
  };
}

/**
 * A deletion marked the volume and went no further: from then on it can be neither used nor published. The mark may
 * stand for a move that Ceph has yet to do, so that taking it back could cost a volume in use; it was asked for, so
 * that it is finished, where nothing uses the volume. The mark has no time: it counts where it does not change.
 */
function unfinishedDeletion({ ward, record, handle }: Listed, image: Image): Trouble {
  const { controller } = ward;
  return {
    kind: 'unfinished-deletion',
    subject: imageWords(ward, handle, handle.image, record.name),
    problem:
      'DeleteVolume marked it as being deleted and did not go on: it cannot be used any more',
    seen: image.metadata.get(DELETING_KEY) ?? '',
    remedy: {
      words: 'finish the deletion, as DeleteVolume does when it is sent again',
      act: () => finishMarked(controller, record.handle),
    },
  };
}
