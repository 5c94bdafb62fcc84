import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATTERN_BYTES } from '../../lab/content.js';
import { create, createWritten, fromSnapshot, listed, remove, snap, unsnap } from './calls.js';
import type { EffectsIn } from './files.js';
import { type MakeScenario, type Scene, testCrashes } from './harness.js';

const LARGER = PATTERN_BYTES + (4n << 20n);

const plain: MakeScenario = ({ keeper, name }) => {
  let volumeId = '';
  return {
    async prepare() {
      volumeId = await create(keeper, name);
    },
    call: (plugin) => remove(plugin, volumeId),
    async check(t, title) {
      t.notOk((await listed(keeper)).includes(volumeId), `${title}: it is not listed`);
      t.equal(await create(keeper, name), volumeId, `${title}: its name is free`);
    },
    clean: () => remove(keeper, volumeId),
  };
};

/** Another controller finishes the deletion, and the name is another volume's before this one releases it. */
const overtaken: MakeScenario = (scene) => {
  const { keeper, contents, name } = scene;
  let volumeId = '';
  return {
    async prepare() {
      volumeId = await create(keeper, name);
    },
    call: (plugin) => remove(plugin, volumeId),
    meanwhile: {
      after: 'delete/trash-image',
      async act() {
        await remove(keeper, volumeId);
        await createWritten(scene, name);
      },
    },
    async between() {
      const held = await contents.hashOf(volumeId);
      if (held !== contents.expected(PATTERN_BYTES, name)) throw new Error('the other one is hurt');
    },
    // Sent again, it is a deletion of the other one.
    async check(t, title) {
      t.notOk((await listed(keeper)).includes(volumeId), `${title}: it is not listed`);
    },
    clean: async () => {},
  };
};

const withSnapshot: MakeScenario = (scene) => {
  const { keeper, contents, name } = scene;
  let [volumeId, snapshotId] = ['', ''];
  return {
    async prepare() {
      volumeId = await createWritten(scene, name);
      snapshotId = await snap(keeper, `${name}-snapshot`, volumeId);
    },
    call: (plugin) => remove(plugin, volumeId),
    async check(t, title) {
      const all = await listed(keeper);
      t.notOk(all.includes(volumeId), `${title}: it is not listed`);
      t.ok(all.includes(snapshotId), `${title}: its snapshot is`);
      const copyId = await create(keeper, name, { source: fromSnapshot(snapshotId) });
      t.equal(copyId, volumeId, `${title}: its name is free`);
      t.equal(
        await contents.hashOf(copyId),
        contents.expected(PATTERN_BYTES, name),
        `${title}: its bytes`,
      );
      await remove(keeper, copyId);
    },
    clean: () => unsnap(keeper, snapshotId),
  };
};

/** A client that watches an image as one does that has it open to write. It ends when its input does. */
async function openClient(scene: Scene, volumeId: string): Promise<ChildProcess> {
  const { ceph } = scene;
  const header = `rbd_header.${await scene.contents.imageIdOf(volumeId)}`;
  const args = ['-c', ceph.conf, '--id', 'admin', '-p', ceph.pool, 'watch', header];
  const client = spawn('rados', args, { stdio: ['pipe', 'ignore', 'ignore'] });
  while (!(await ceph.rados('-p', ceph.pool, 'listwatchers', header)).includes('watcher='))
    await sleep(20);
  return client;
}

async function closeClient(client: ChildProcess): Promise<void> {
  const exit = once(client, 'exit');
  client.stdin?.end('\n');
  await exit;
}

/** Somebody opens the volume between the deletion's first look and its mark. */
const opened: MakeScenario = (scene) => {
  const { keeper, contents, name } = scene;
  let volumeId = '';
  let client: ChildProcess;
  return {
    async prepare() {
      volumeId = await createWritten(scene, name);
    },
    call: (plugin) => remove(plugin, volumeId),
    meanwhile: {
      after: 'delete/mark-deleting',
      async act() {
        client = await openClient(scene, volumeId);
      },
    },
    answers: 'FAILED_PRECONDITION',
    async check(t, title) {
      t.ok((await listed(keeper)).includes(volumeId), `${title}: it is still there`);
      await closeClient(client);
      t.equal(
        await contents.hashOf(volumeId),
        contents.expected(PATTERN_BYTES, name),
        `${title}: its bytes`,
      );
      const grown = await keeper.controller.controllerExpandVolume({
        volumeId,
        capacityRange: { requiredBytes: LARGER },
      });
      t.equal(grown.capacityBytes, LARGER, `${title}: nothing is left of the deletion`);
    },
    clean: () => remove(keeper, volumeId),
  };
};

const growing: MakeScenario = (scene) => {
  const { keeper, contents, name } = scene;
  let volumeId = '';
  return {
    async prepare() {
      volumeId = await createWritten(scene, name);
    },
    call: ({ controller }) =>
      controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: LARGER } }),
    async check(t, title) {
      t.equal(
        await contents.hashOf(volumeId),
        contents.expected(LARGER, name),
        `${title}: its bytes`,
      );
    },
    clean: () => remove(keeper, volumeId),
  };
};

testCrashes<EffectsIn<'delete'>>('DeleteVolume and ControllerExpandVolume', {
  'delete/mark-deleting': [plain, withSnapshot],
  'delete/unmark': [opened],
  'delete/trash-image': [plain],
  'delete/bury-image': [withSnapshot],
  'delete/release-name': [plain, withSnapshot, overtaken],
  'delete/leave-image': [overtaken],
  'expand/grow-image': [growing],
});
