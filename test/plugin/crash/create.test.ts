import type { EffectName } from '../../../src/volume/effects.js';
import { DEFAULT_NAME_PREFIX, imageName } from '../../../src/volume/name.js';
import { PATTERN_BYTES } from '../../lab/content.js';
import {
  create,
  createWritten,
  fromSnapshot,
  fromVolume,
  remove,
  type Source,
  snap,
  unsnap,
  type Wishes,
  workDone,
} from './calls.js';
import type { EffectsIn } from './files.js';
import {
  leaveUnfinished,
  type MakeScenario,
  type Scenario,
  type Scene,
  testCrashes,
} from './harness.js';

const LARGER = PATTERN_BYTES + (4n << 20n);
const NOWHERE = { dataPool: 'no-such-pool' };

/** The creation of a volume that is there and right afterwards; its content is a word's pattern, or none. */
function creation(
  { keeper, contents, name }: Scene,
  wishes: () => Wishes,
  word?: string,
): Required<Pick<Scenario, 'call' | 'check' | 'clean'>> {
  let volumeId = '';
  return {
    async call(plugin) {
      volumeId = await create(plugin, name, wishes());
    },
    async check(t, title) {
      const { volume } = await keeper.controller.controllerGetVolume({ volumeId });
      const sizeBytes = wishes().sizeBytes ?? PATTERN_BYTES;
      t.equal(volume?.capacityBytes, sizeBytes, `${title}: its size`);
      t.equal(
        await contents.hashOf(volumeId),
        contents.expected(sizeBytes, word),
        `${title}: its bytes`,
      );
    },
    clean: () => remove(keeper, volumeId),
  };
}

const blank: MakeScenario = (scene) => creation(scene, () => ({}));

/** A larger one from a snapshot. */
const restore: MakeScenario = (scene) => {
  const { keeper, name } = scene;
  const [source, snapshot] = [`${name}-source`, `${name}-snapshot`];
  let [sourceId, snapshotId] = ['', ''];
  const made = creation(
    scene,
    () => ({ sizeBytes: LARGER, source: fromSnapshot(snapshotId) }),
    source,
  );
  return {
    ...made,
    async prepare() {
      sourceId = await createWritten(scene, source);
      snapshotId = await snap(keeper, snapshot, sourceId);
    },
    async clean() {
      await unsnap(keeper, snapshotId);
      await remove(keeper, sourceId);
      await made.clean();
    },
  };
};

/** A larger one from a volume. */
const clone: MakeScenario = (scene) => {
  const { keeper, name } = scene;
  const source = `${name}-source`;
  let sourceId = '';
  const made = creation(scene, () => ({ sizeBytes: LARGER, source: fromVolume(sourceId) }), source);
  return {
    ...made,
    async prepare() {
      sourceId = await createWritten(scene, source);
    },
    async clean() {
      await made.clean();
      await remove(keeper, sourceId);
    },
  };
};

/** A controller died in a creation of that name with other wishes. */
function replacing(title: string, crashAfter: EffectName, wishes: (scene: Scene) => Wishes) {
  const make: MakeScenario = (scene) => ({
    ...creation(scene, () => ({})),
    prepare: () =>
      leaveUnfinished(scene, crashAfter, (plugin) => create(plugin, scene.name, wishes(scene))),
  });
  return Object.defineProperty(make, 'name', { value: title });
}
const another = () => ({ sizeBytes: LARGER });
const elsewhere = ({ otherPool }: Scene) => ({ parameters: { pool: otherPool } });
const replacingBlank = replacing('replacing a blank image', 'create/create-image', another);
const replacingWritten = replacing('replacing one with a record', 'create/write-record', another);
const replacingElsewhere = replacing(
  'replacing one in another pool',
  'create/write-record',
  elsewhere,
);

/** What `rbd create` leaves when it is killed at a bad moment: a name and an id without a header. */
const halfMade: MakeScenario = (scene) => ({
  ...creation(scene, () => ({})),
  async prepare() {
    const { ceph, name } = scene;
    const spec = `${ceph.pool}/${imageName(name, DEFAULT_NAME_PREFIX)}`;
    await ceph.rbd('create', '--size=1M', '--image-feature=layering', spec);
    const { id } = JSON.parse(await ceph.rbd('info', '--format=json', spec)) as { id: string };
    await ceph.rados('-p', ceph.pool, 'rm', `rbd_header.${id}`);
  },
});

const refused: MakeScenario = ({ name }) => ({
  call: (plugin) => create(plugin, name, { parameters: NOWHERE }),
  answers: 'INVALID_ARGUMENT',
  clean: async () => {},
});

const refusedClone: MakeScenario = (scene) => {
  const { keeper, name } = scene;
  let sourceId = '';
  return {
    async prepare() {
      sourceId = await create(keeper, `${name}-source`);
    },
    call: (plugin) => create(plugin, name, { source: fromVolume(sourceId), parameters: NOWHERE }),
    answers: 'INVALID_ARGUMENT',
    clean: () => remove(keeper, sourceId),
  };
};

/** A clone whose name another controller takes for other wishes while this one is about to take its snapshot. */
const overtakenClone: MakeScenario = (scene) => {
  const { keeper, name } = scene;
  const source = `${name}-source`;
  let sourceId = '';
  const other = creation(
    scene,
    () => ({ sizeBytes: LARGER, source: fromVolume(sourceId) }),
    source,
  );
  return {
    async prepare() {
      sourceId = await createWritten(scene, source);
    },
    meanwhile: {
      after: 'create/claim-name',
      async act() {
        await other.call(keeper);
        // The snapshot of the claim that lost is looked for by then, and not found.
        await workDone(scene, await scene.contents.imageIdOf(sourceId));
      },
    },
    call: (plugin) => create(plugin, name, { source: fromVolume(sourceId) }),
    answers: 'ALREADY_EXISTS',
    check: other.check,
    async clean() {
      await other.clean();
      await remove(keeper, sourceId);
    },
  };
};

/** The source goes between the crash and the call that is sent again. */
function sourceGone(title: string, from: (scene: Scene, sourceId: string) => Promise<Source>) {
  const make: MakeScenario = (scene) => {
    const { keeper, name } = scene;
    let sourceId = '';
    let source: Source = {};
    return {
      async prepare() {
        sourceId = await createWritten(scene, `${name}-source`);
        source = await from(scene, sourceId);
      },
      call: (plugin) => create(plugin, name, { source }),
      async between() {
        await remove(keeper, sourceId);
        if (source.type?.case === 'snapshot')
          await unsnap(keeper, source.type.value.snapshotId ?? '');
      },
      answers: 'NOT_FOUND',
      clean: async () => {},
    };
  };
  return Object.defineProperty(make, 'name', { value: title });
}
/** That call itself, which gives the name up. */
function givingUp(title: string, crashAfter: EffectName) {
  const make: MakeScenario = (scene) => {
    const { keeper, name } = scene;
    let sourceId = '';
    const call: Scenario['call'] = (plugin) =>
      create(plugin, name, { source: fromVolume(sourceId) });
    return {
      async prepare() {
        sourceId = await create(keeper, `${name}-source`);
        await leaveUnfinished(scene, crashAfter, call);
        await remove(keeper, sourceId);
      },
      call,
      answers: 'NOT_FOUND',
      clean: async () => {},
    };
  };
  return Object.defineProperty(make, 'name', { value: title });
}
const givingUpClone = givingUp('giving up a clone', 'create/clone-image');
const givingUpWritten = givingUp('giving up one with a record', 'create/write-record');
const volumeGone = sourceGone('a clone whose source goes', async (_, id) => fromVolume(id));
const snapshotGone = sourceGone('a restore whose source goes', async ({ keeper, name }, id) =>
  fromSnapshot(await snap(keeper, `${name}-snapshot`, id)),
);

testCrashes<EffectsIn<'create'>>('CreateVolume', {
  'create/claim-name': [blank, restore, clone, replacingBlank, refused, volumeGone, snapshotGone],
  'create/mark-discarded': [replacingBlank, replacingWritten, replacingElsewhere, givingUpClone],
  'create/remember-discarded': [replacingBlank, replacingElsewhere],
  'create/discard-image': [replacingBlank, replacingElsewhere, givingUpWritten],
  'create/create-image': [blank, replacingBlank],
  'create/clear-remains': [halfMade],
  'create/snap-source': [clone, refusedClone, volumeGone, overtakenClone],
  'create/leave-helper': [overtakenClone],
  'create/clone-image': [restore, clone, volumeGone, snapshotGone],
  'create/give-up': [refused, refusedClone, givingUpClone, givingUpWritten],
  'create/grow-clone': [restore, clone],
  'create/write-record': [blank, restore, clone, volumeGone, snapshotGone],
  'create/commit-name': [blank, restore, clone],
});
