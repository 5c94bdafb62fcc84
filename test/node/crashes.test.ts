import { existsSync, rmSync } from 'node:fs';
import t from 'tap';
import type { Capability } from '../../src/volume/capability.js';
import { EFFECTS, type Effect, type EffectName, plainEffect } from '../../src/volume/effects.js';
import { startCeph } from '../lab/ceph.js';
import { blockAs, LabNode, mountAs, NOTHING, stopAfter } from './lab.js';

const ceph = await startCeph();

interface Case {
  readonly what: string;
  readonly capability: Capability;
  readonly readonly: boolean;
}

const CASES: Case[] = [
  { what: 'ext4', capability: mountAs('ext4'), readonly: true },
  { what: 'block', capability: blockAs(), readonly: true },
];

/** Growing is for volumes that were expanded, and another UUID for those beside their like. */
const LATER = ['stage/renew-uuid', 'stage/grow-unmounted', 'stage/grow-mounted'];
/** These volumes are published by no controller. */
const PUBLISHED = ['stage/claim-again', 'unstage/remember-vacated'];
const FORMAT = ['stage/begin-format', 'stage/make-fs', 'stage/end-format'];

/** The effects that a kind of volume does not have. */
const ABSENT: Record<string, readonly string[]> = {
  ext4: [...LATER, ...PUBLISHED, 'publish/attach-device', 'unpublish/detach-device'],
  block: [...LATER, ...PUBLISHED, ...FORMAT, 'stage/mount-staging', 'unstage/unmount-staging'],
};

for (const { what, capability, readonly } of CASES)
  for (const call of ['stage', 'publish', 'unpublish', 'unstage'] as const)
    t.test(`${what}: ${call} is right when it is repeated after a crash`, async (t) => {
      for (const name of EFFECTS[call]) {
        const crash = `${call}/${name}` as EffectName;
        if (ABSENT[what]?.includes(crash)) continue;
        const lab = new LabNode(ceph);
        const { id: volumeId } = await lab.image(64);
        const spec = { pool: ceph.pool, namespace: '', image: volumeId.split('/').at(-1) ?? '' };
        const stagingPath = lab.staging();
        const targetPath = lab.target();
        const calls = {
          stage: () => ({ volumeId, stagingPath, capability, credentials: undefined }),
          publish: () => ({ volumeId, stagingPath, targetPath, capability, readonly }),
          unpublish: () => ({ volumeId, targetPath }),
          unstage: () => ({ volumeId, stagingPath }),
        };
        const run = (effect: Effect, which: keyof typeof calls): Promise<void> => {
          const node = lab.open(effect);
          if (which === 'stage') return node.stage(calls.stage());
          if (which === 'publish') return node.publish(calls.publish());
          if (which === 'unpublish') return node.unpublish(calls.unpublish());
          return node.unstage(calls.unstage());
        };
        const order = ['stage', 'publish', 'unpublish', 'unstage'] as const;
        for (const before of order.slice(0, order.indexOf(call))) await run(plainEffect, before);

        const { effect, reached } = stopAfter(crash);
        const stopped = await Promise.race([
          reached.then(() => true),
          run(effect, call).then(() => false),
        ]);
        t.ok(stopped, `${crash} happens`);
        await lab.open().recover();
        for (const after of order.slice(order.indexOf(call))) {
          await run(plainEffect, after);
          if (after === 'publish') t.ok(existsSync(targetPath), `${crash}, then ${after}`);
        }
        t.strictSame(lab.leftovers(), NOTHING, crash);
        t.notOk(existsSync(targetPath), `${crash}: no target is left`);
        t.equal((await lab.cluster.readImage(spec))?.metadata.size, 0, `${crash}: no mark is left`);
      }
    });

t.test('a stage that was cut short can be unstaged at once', async (t) => {
  for (const name of EFFECTS.stage) {
    if (LATER.includes(`stage/${name}`)) continue;
    const lab = new LabNode(ceph);
    const { id: volumeId } = await lab.image(64);
    const stagingPath = lab.staging();
    const { effect, reached } = stopAfter(`stage/${name}`);
    const stage = { volumeId, stagingPath, capability: mountAs('ext4'), credentials: undefined };
    await Promise.race([reached, lab.open(effect).stage(stage)]);
    await lab.open().unstage({ volumeId, stagingPath });
    t.strictSame(lab.leftovers(), NOTHING, name);
    await lab.open().stage(stage);
    await lab.open().unstage({ volumeId, stagingPath });
  }
});

t.test(
  'a file system that was begun is made again, by any node, until it was mounted',
  async (t) => {
    const lab = new LabNode(ceph);
    const { id: volumeId, spec } = await lab.image(64);
    const stagingPath = lab.staging();
    const { effect, reached } = stopAfter('stage/make-fs');
    const stage = { volumeId, stagingPath, capability: mountAs('ext4'), credentials: undefined };
    await Promise.race([reached, lab.open(effect).stage(stage)]);
    await lab.open().unstage({ volumeId, stagingPath });

    const other = new LabNode(ceph);
    const node = other.open();
    const elsewhere = { ...stage, stagingPath: other.staging(), capability: mountAs('btrfs') };
    await t.rejects(node.stage(elsewhere), { kind: 'tool-failed', message: /mkfs.btrfs/ });
    await ceph.rbd('resize', '--no-progress', '--size', '128M', spec);
    await node.stage(elsewhere);
    await node.unstage(elsewhere);
    await t.rejects(lab.open().stage(stage), {
      kind: 'holds-data',
      message: /it holds btrfs, and fs_type asks for ext4/,
    });
    t.strictSame([lab.leftovers(), other.leftovers()], [NOTHING, NOTHING]);
  },
);

t.test(
  'a plugin that starts takes down what nothing uses and leaves live mounts alone',
  async (t) => {
    const lab = new LabNode(ceph);
    const [used, unknown] = [await lab.image(64), await lab.image(64)];
    const stage = (volumeId: string) => ({
      volumeId,
      stagingPath: lab.staging(),
      capability: blockAs(),
      credentials: undefined,
    });
    const live = { ...stage(used.id), capability: mountAs() };
    const lost = stage(unknown.id);
    await lab.open().stage(live);
    const before = lab.leftovers();
    await lab.open().stage(lost);
    const { effect, reached } = stopAfter('unstage/forget-stage');
    for (const file of lab.stateFiles().filter((path) => path.endsWith('.json')))
      if (!before.stateFiles.includes(file)) rmSync(file);
    await lab.open().recover();
    t.strictSame(lab.leftovers(), before);
    await Promise.race([reached, lab.open(effect).unstage(live)]);
    await lab.open().recover();
    t.strictSame(lab.leftovers(), NOTHING);
  },
);
