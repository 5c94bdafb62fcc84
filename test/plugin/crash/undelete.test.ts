import { DEFAULT_NAME_PREFIX, imageName } from '../../../src/volume/name.js';
import { PATTERN_BYTES } from '../../lab/content.js';
import type { LabPlugin } from '../../lab/plugin.js';
import { create, createWritten, listed, remove, snap, unsnap } from './calls.js';
import type { EffectsIn } from './files.js';
import { type MakeScenario, type Scenario, type Scene, testCrashes } from './harness.js';

const KEPT = { PANNIER_DELETION: 'trash', PANNIER_TRASH_RETENTION: '1h' };

/** Deletes a volume and does not keep it. */
async function free({ keeper }: Scene, volumeId: string): Promise<void> {
  await remove(keeper, volumeId);
  await keeper.admin.freeDeletedVolume({ volumeId });
}

/** A deleted volume that is taken back with what it held. */
function takenBack(
  scene: Scene,
  before: (volumeId: string) => Promise<unknown> = async () => {},
  othersKept = 0,
): Scenario {
  const { keeper, contents, name } = scene;
  let volumeId = '';
  return {
    async prepare() {
      volumeId = await createWritten(scene, name);
      await before(volumeId);
      await remove(keeper, volumeId);
    },
    call: ({ admin }) => admin.undeleteVolume({ volumeId }),
    async check(t, title) {
      t.ok((await listed(keeper)).includes(volumeId), `${title}: it is listed`);
      t.equal(
        await contents.hashOf(volumeId),
        contents.expected(PATTERN_BYTES, name),
        `${title}: its bytes`,
      );
      t.equal(
        await keptOf(keeper, volumeId),
        othersKept,
        `${title}: and not among the deleted ones`,
      );
      t.equal(await create(keeper, name), volumeId, `${title}: its name stands for it`);
    },
    clean: () => free(scene, volumeId),
  };
}

/** How many deleted volumes of an id are kept. */
async function keptOf({ admin }: LabPlugin, volumeId: string): Promise<number> {
  const { volumes } = await admin.listDeletedVolumes({});
  return volumes.filter((volume) => volume.volumeId === volumeId).length;
}

const fromTrash: MakeScenario = (scene) => takenBack(scene);

const fromTombstone: MakeScenario = (scene) => {
  const { keeper, name } = scene;
  let snapshotId = '';
  const taken = takenBack(scene, async (volumeId) => {
    snapshotId = await snap(keeper, `${name}-snapshot`, volumeId);
  });
  return {
    ...taken,
    async clean() {
      await unsnap(keeper, snapshotId);
      await taken.clean();
    },
  };
};

/** Another volume of that name was deleted before, and is kept too. */
const theLastOne: MakeScenario = (scene) => {
  const { keeper, name } = scene;
  const taken = takenBack(scene, async () => {}, 1);
  return {
    ...taken,
    async prepare() {
      await remove(keeper, await create(keeper, name));
      await taken.prepare?.();
    },
  };
};

/** An image that Pannier did not make has the name. */
function inTheWay(title: string, from: MakeScenario) {
  const make: MakeScenario = (scene) => {
    const { keeper, contents, ceph, name } = scene;
    const taken = from(scene);
    const image = imageName(name, DEFAULT_NAME_PREFIX);
    const volumeId = `${ceph.name}/${ceph.pool}/${image}`;
    return {
      async prepare() {
        await taken.prepare?.();
        await ceph.rbd('create', '--size=1M', contents.specOf(volumeId));
      },
      call: taken.call,
      answers: 'ALREADY_EXISTS',
      async check(t, title) {
        t.equal(await keptOf(keeper, volumeId), 1, `${title}: it is still kept`);
        await ceph.rbd('rm', '--no-progress', contents.specOf(volumeId));
        await keeper.admin.undeleteVolume({ volumeId });
        await taken.check?.(t, title);
      },
      clean: taken.clean,
    };
  };
  return Object.defineProperty(make, 'name', { value: title });
}
const trashedInTheWay = inTheWay('from the trash, the name taken', fromTrash);
const buriedInTheWay = inTheWay('from a tombstone, the name taken', fromTombstone);

/** The space of a deleted volume is freed before its time. */
const freed: MakeScenario = (scene) => {
  const { keeper, name } = scene;
  let volumeId = '';
  return {
    async prepare() {
      volumeId = await create(keeper, name);
      await remove(keeper, volumeId);
    },
    call: ({ admin }) => admin.freeDeletedVolume({ volumeId }),
    // It may be freed by then.
    answers: /^(OK|NOT_FOUND)$/,
    clean: async () => {},
  };
};

testCrashes<EffectsIn<'undelete'>>(
  'UndeleteVolume and FreeDeletedVolume',
  {
    'undelete/end-retention': [freed],
    'undelete/claim-name': [fromTrash, fromTombstone, theLastOne, trashedInTheWay, buriedInTheWay],
    'undelete/write-record': [fromTrash, fromTombstone, trashedInTheWay],
    'undelete/restore-image': [fromTrash, theLastOne],
    'undelete/unbury-image': [fromTombstone],
    'undelete/give-up': [trashedInTheWay, buriedInTheWay],
    'undelete/commit-name': [fromTrash, fromTombstone],
  },
  KEPT,
);
