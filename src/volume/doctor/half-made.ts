import { parseClaim } from '../create/claim.js';
import { tombstoneOf } from '../delete/tombstone.js';
import { formatHandle, type VolumeHandle } from '../handle.js';
import { DEFAULT_NAME_PREFIX, keyOfImageName } from '../name.js';
import { parseRecord } from '../record.js';
import { imageWords, type Subject, type Trouble, type Ward } from './trouble.js';

/** Names that RBD's directory lists and that lead to no image. */
export function halfMadeImages(ward: Ward): Subject[] {
  const { name: cluster } = ward.cluster;
  return ward.survey.grounds.flatMap(({ place: { pool, namespace }, named }) =>
    [...named].map(([image, id]) => {
      const handle = { cluster, pool, namespace, image };
      return { id: `name "${formatHandle(handle)}"`, look: () => look(ward, handle, id) };
    }),
  );
}

async function look(ward: Ward, handle: VolumeHandle, id: string): Promise<Trouble[]> {
  if (!isOurs(ward, handle) || (await ward.survey.image(handle)) !== undefined) return [];
  // A whole image that lost its name is a trouble of the volume's.
  if ((await ward.survey.imageById(handle, id)) !== undefined) return [];
  const { controller, cluster } = ward;
  return [
    {
      kind: 'half-made-image',
      subject: imageWords(ward, handle, handle.image),
      problem:
        'its name is taken and there is no image: Ceph was interrupted in making or removing it',
      seen: id,
      remedy: {
        words: 'clear the name',
        async act() {
          // A creation claims its name first.
          const key = keyOfImageName(handle.image);
          if (key !== undefined && parseClaim(await cluster.names.read(key))) return false;
          await controller.effect('doctor/clear-remains', () => cluster.clearRemains(handle, id));
          return true;
        },
      },
    },
  ];
}

/** True for the name of an image that Pannier makes, and that no creation is at work on. */
function isOurs({ survey }: Ward, handle: VolumeHandle): boolean {
  const { image } = handle;
  if (tombstoneOf(image) !== undefined) return true;
  const key = keyOfImageName(image);
  if (key === undefined) return false;
  const entry = survey.names.get(key);
  if (survey.isElsewhere('names', key) || parseClaim(entry) !== undefined) return false;
  return (
    image.startsWith(DEFAULT_NAME_PREFIX) || parseRecord(entry)?.handle === formatHandle(handle)
  );
}
