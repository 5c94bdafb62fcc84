import type { EffectName } from '../../../src/volume/effects.js';
import { PATTERN_BYTES } from '../../lab/content.js';
import {
  create,
  createWritten,
  fromSnapshot,
  listed,
  remove,
  snap,
  unsnap,
  workDone,
} from './calls.js';
import type { EffectsIn } from './files.js';
import { leaveUnfinished, type MakeScenario, testCrashes } from './harness.js';

const snapshot: MakeScenario = (scene) => {
  const { keeper, contents, ceph, name } = scene;
  const [source, copy] = [`${name}-source`, `${name}-copy`];
  let [sourceId, snapshotId] = ['', ''];
  return {
    async prepare() {
      sourceId = await createWritten(scene, source);
    },
    async call(plugin) {
      snapshotId = await snap(plugin, name, sourceId);
    },
    async check(t, title) {
      t.ok((await listed(keeper)).includes(snapshotId), `${title}: it is listed`);
      const all = await ceph.rbd('snap', 'ls', '--all', '--format=json', contents.specOf(sourceId));
      t.equal((JSON.parse(all) as unknown[]).length, 1, `${title}: RBD has one`);
      const copyId = await create(keeper, copy, { source: fromSnapshot(snapshotId) });
      t.equal(
        await contents.hashOf(copyId),
        contents.expected(PATTERN_BYTES, source),
        `${title}: its bytes`,
      );
      await remove(keeper, copyId);
    },
    async clean() {
      await unsnap(keeper, snapshotId);
      await remove(keeper, sourceId);
    },
  };
};

/** Another controller takes the name for another volume, before this one takes its snapshot. */
const overtaken: MakeScenario = (scene) => {
  const { keeper, name } = scene;
  let [sourceId, otherId, snapshotId] = ['', '', ''];
  return {
    async prepare() {
      sourceId = await create(keeper, `${name}-source`);
      otherId = await create(keeper, `${name}-other`);
    },
    call: (plugin) => snap(plugin, name, sourceId),
    meanwhile: {
      after: 'createSnapshot/claim-name',
      async act() {
        snapshotId = await snap(keeper, name, otherId);
        // The snapshot of the claim that lost is looked for by then, and not found.
        await workDone(scene, await scene.contents.imageIdOf(sourceId));
      },
    },
    answers: 'ALREADY_EXISTS',
    async check(t, title) {
      t.ok((await listed(keeper)).includes(snapshotId), `${title}: the other one's is listed`);
    },
    async clean() {
      await unsnap(keeper, snapshotId);
      await remove(keeper, otherId);
      await remove(keeper, sourceId);
    },
  };
};

/** A controller died while it took that snapshot, and the volume was deleted since. */
function volumeDeleted(title: string, crashAfter: EffectName) {
  const make: MakeScenario = (scene) => {
    const { keeper, name } = scene;
    let sourceId = '';
    return {
      async prepare() {
        sourceId = await create(keeper, `${name}-source`);
        await leaveUnfinished(scene, crashAfter, (plugin) => snap(plugin, name, sourceId));
        await remove(keeper, sourceId);
      },
      call: (plugin) => snap(plugin, name, sourceId),
      answers: 'NOT_FOUND',
      clean: async () => {},
    };
  };
  return Object.defineProperty(make, 'name', { value: title });
}
const deletedBefore = volumeDeleted('a volume deleted before', 'createSnapshot/claim-name');
const deletedSince = volumeDeleted('a volume deleted since', 'createSnapshot/take-snapshot');

/** The volume is deleted while the call is about to take its snapshot. */
const deletedMeanwhile: MakeScenario = (scene) => {
  const { keeper, contents, name } = scene;
  let sourceId = '';
  return {
    async prepare() {
      sourceId = await create(keeper, `${name}-source`);
    },
    call: (plugin) => snap(plugin, name, sourceId),
    meanwhile: {
      after: 'createSnapshot/claim-name',
      async act() {
        const imageId = await contents.imageIdOf(sourceId);
        await remove(keeper, sourceId);
        // librbd leaves the object map of a snapshot that it takes while the image is being removed.
        await workDone(scene, imageId);
      },
    },
    answers: 'NOT_FOUND',
    clean: async () => {},
  };
};

/** With a clone, which goes on. */
const unsnapshot: MakeScenario = (scene) => {
  const { keeper, contents, ceph, name } = scene;
  const [source, copy] = [`${name}-source`, `${name}-copy`];
  let [sourceId, snapshotId, copyId] = ['', '', ''];
  return {
    async prepare() {
      sourceId = await createWritten(scene, source);
      snapshotId = await snap(keeper, name, sourceId);
      copyId = await create(keeper, copy, { source: fromSnapshot(snapshotId) });
    },
    call: (plugin) => unsnap(plugin, snapshotId),
    async check(t, title) {
      t.notOk((await listed(keeper)).includes(snapshotId), `${title}: it is not listed`);
      await workDone(scene, await scene.contents.imageIdOf(sourceId));
      const user = await ceph.rbd('snap', 'ls', '--format=json', contents.specOf(sourceId));
      t.same(JSON.parse(user), [], `${title}: the volume has none`);
      t.equal(
        await contents.hashOf(copyId),
        contents.expected(PATTERN_BYTES, source),
        `${title}: its bytes`,
      );
    },
    async clean() {
      await remove(keeper, sourceId);
      await remove(keeper, copyId);
    },
  };
};

testCrashes<EffectsIn<'snapshot'>>('CreateSnapshot and DeleteSnapshot', {
  'createSnapshot/claim-name': [snapshot],
  'createSnapshot/take-snapshot': [snapshot, overtaken, deletedMeanwhile],
  'createSnapshot/commit-name': [snapshot],
  'createSnapshot/give-up': [deletedBefore, deletedSince, deletedMeanwhile],
  'createSnapshot/leave-snapshot': [overtaken],
  'deleteSnapshot/release-name': [unsnapshot],
});
