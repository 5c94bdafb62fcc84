import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { NodeSide } from '../../src/node/volumes.js';
import { type Capability, FILE_SYSTEMS } from '../../src/volume/capability.js';
import { startCeph } from '../lab/ceph.js';
import { LabNode, MIB, mountAs, NOTHING, recordEffects, sh, stopAfter } from './lab.js';

const ceph = await startCeph();
/** Linux 6.7 and later mount two btrfs of one UUID. */
const MOUNTS_TWINS = existsSync('/sys/fs/btrfs/features/temp_fsid');

interface Staged {
  readonly volumeId: string;
  readonly spec: string;
  readonly stagingPath: string;
  readonly file: string;
  stage(node?: NodeSide, capability?: Capability): Promise<void>;
  unstage(): Promise<void>;
}

/** An image with a staging path of its own. */
function at(lab: LabNode, image: { id: string; spec: string }, own: Capability): Staged {
  const { id: volumeId, spec } = image;
  const stagingPath = lab.staging();
  return {
    volumeId,
    spec,
    stagingPath,
    file: join(stagingPath, 'file'),
    stage: (node = lab.open(), capability = own) =>
      node.stage({ volumeId, stagingPath, capability, credentials: undefined }),
    unstage: () => lab.open().unstage({ volumeId, stagingPath }),
  };
}

/** Writes and synchronises without a pause while an action runs. */
async function whileWriting<T>(path: string, action: () => Promise<T>): Promise<T> {
  let writing = true;
  let written = 0;
  const writer = (async () => {
    for (; writing; written++) await appendFile(path, Buffer.alloc(4096, 1), { flush: true });
  })();
  try {
    while (written === 0) await appendFile(path, '');
    return await action();
  } finally {
    writing = false;
    await writer;
  }
}

function uuidAt(path: string): string {
  return sh('findmnt', '--noheadings', '--output', 'UUID', path).trim();
}

for (const fsType of FILE_SYSTEMS)
  t.test(`${fsType}: a clone of a mounted volume is used, and grows, beside it`, async (t) => {
    const lab = new LabNode(ceph);
    const capability = mountAs(fsType);
    const source = at(lab, await lab.image(fsType === 'xfs' ? 320 : 128), capability);
    await source.stage();
    writeFileSync(source.file, 'of both', { flush: true });
    const locks = JSON.parse(await ceph.rbd('lock', 'ls', '--format', 'json', source.spec));
    t.equal(locks.length, 1, 'the snapshot is taken while a client has the exclusive lock');
    const image = await whileWriting(join(source.stagingPath, 'busy'), () =>
      lab.clone(source.spec),
    );
    await ceph.rbd('resize', '--no-progress', '--size', '640M', image.spec);

    const clone = at(lab, image, capability);
    const { effect, done } = recordEffects();
    await clone.stage(lab.open(effect));
    t.equal(done.includes('stage/renew-uuid'), fsType === 'btrfs');
    t.notOk(done.includes('stage/make-fs'));
    t.equal(readFileSync(clone.file, 'utf8'), 'of both');
    t.ok(readFileSync(join(clone.stagingPath, 'busy')).length > 0);
    const { volumeId, stagingPath } = clone;
    const [bytes] = await lab.open().usage({ volumeId, volumePath: stagingPath });
    t.ok((bytes?.total ?? 0n) > BigInt(480 * MIB), `it has ${bytes?.total} bytes`);

    writeFileSync(source.file, 'of the source');
    writeFileSync(clone.file, 'of the clone');
    await source.unstage();
    t.equal(readFileSync(clone.file, 'utf8'), 'of the clone');
    await source.stage();
    for (const [one, text] of [
      [source, 'of the source'] as const,
      [clone, 'of the clone'] as const,
    ]) {
      t.equal(readFileSync(one.file, 'utf8'), text);
      const targetPath = lab.target();
      const published = { volumeId: one.volumeId, targetPath };
      await lab.open().publish({
        ...published,
        stagingPath: one.stagingPath,
        capability,
        readonly: false,
      });
      t.equal(readFileSync(join(targetPath, 'file'), 'utf8'), text);
      await lab.open().unpublish(published);
    }
    await clone.unstage();
    await source.unstage();
    t.strictSame(lab.leftovers(), NOTHING);
  });

t.test(
  'btrfs: whichever of many clones is staged later gets a UUID of its own, once',
  async (t) => {
    const lab = new LabNode(ceph);
    const capability = mountAs('btrfs');
    const source = at(lab, await lab.image(128), capability);
    await source.stage();
    writeFileSync(source.file, 'first', { flush: true });
    const uuid = uuidAt(source.stagingPath);
    const clone = at(lab, await lab.clone(source.spec), capability);
    await source.unstage();

    const staged: Array<[Staged, renewed: boolean]> = [
      [clone, false],
      [source, true],
      [at(lab, await lab.clone(source.spec), capability), true],
    ];
    for (const [index, [one, renewed]] of staged.entries()) {
      const { effect, done } = recordEffects();
      await one.stage(lab.open(effect));
      t.equal(done.includes('stage/renew-uuid'), renewed, `${index}`);
      t.equal(readFileSync(one.file, 'utf8'), 'first');
      writeFileSync(one.file, `${index}`);
    }
    // What has a UUID of its own is cloned too.
    const second = at(lab, await lab.clone(source.spec), capability);
    await second.stage();
    staged.push([second, true]);
    writeFileSync(second.file, '3');
    const uuids = staged.map(([{ stagingPath }]) => uuidAt(stagingPath));
    t.equal(new Set(uuids).size, 4, uuids.join(' '));
    t.equal(uuids[0], uuid, 'the first one kept what it had');

    const again = lab.staging();
    await lab.open().stage({ ...source, stagingPath: again, capability, credentials: undefined });
    t.equal(readFileSync(join(again, 'file'), 'utf8'), '1', 'at a second staging path too');
    await lab.open().unstage({ ...source, stagingPath: again });

    for (const [one] of staged) await one.unstage();
    const { effect, done } = recordEffects();
    for (const [index, [one]] of [...staged.entries()].reverse()) {
      await one.stage(lab.open(effect));
      t.equal(readFileSync(one.file, 'utf8'), `${index}`);
      t.equal(uuidAt(one.stagingPath), uuids[index]);
    }
    t.notOk(done.includes('stage/renew-uuid'), 'it is done once');
    for (const [one] of staged) await one.unstage();
    t.strictSame(lab.leftovers(), NOTHING);
  },
);

t.test('btrfs: a new UUID that was the last thing before a crash is kept', async (t) => {
  const lab = new LabNode(ceph);
  const source = at(lab, await lab.image(128), mountAs('btrfs'));
  await source.stage();
  writeFileSync(source.file, 'bytes', { flush: true });
  const clone = at(lab, await lab.clone(source.spec), mountAs('btrfs'));
  const { effect, reached } = stopAfter('stage/renew-uuid');
  await Promise.race([reached, clone.stage(lab.open(effect))]);
  t.equal(lab.loops().length, 2, 'it stopped before it was taken down');
  const repeated = recordEffects();
  await clone.stage(lab.open(repeated.effect));
  t.notOk(repeated.done.includes('stage/renew-uuid'));
  t.equal(readFileSync(clone.file, 'utf8'), 'bytes');
  t.not(uuidAt(clone.stagingPath), uuidAt(source.stagingPath));
  await clone.unstage();
  await source.unstage();
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('btrfs: a clone that may only be read is never written, beside its source', async (t) => {
  const lab = new LabNode(ceph);
  const source = at(lab, await lab.image(128), mountAs('btrfs'));
  await source.stage();
  writeFileSync(source.file, 'before');
  sh('sync', '--file-system', source.stagingPath);
  const reader = mountAs('btrfs', 'SINGLE_NODE_READER_ONLY');
  const clone = at(lab, await lab.clone(source.spec), reader);
  writeFileSync(source.file, 'after', { flush: true });
  if (MOUNTS_TWINS) {
    const { effect, done } = recordEffects();
    await clone.stage(lab.open(effect));
    t.notOk(done.includes('stage/renew-uuid'));
    t.equal(readFileSync(clone.file, 'utf8'), 'before');
    t.equal(readFileSync(source.file, 'utf8'), 'after');
    await clone.unstage();
  } else await t.rejects(clone.stage(), { name: 'VolumeError', kind: 'same-uuid' });

  // What an older kernel answers, where this one does not.
  const programs = join(lab.folder, 'programs');
  mkdirSync(programs);
  const says = 'mount: /staging: mount(2) system call failed: File exists.';
  writeFileSync(join(programs, 'mount'), `#!/bin/sh\necho '${says}' >&2\nexit 32\n`, {
    mode: 0o755,
  });
  const { PATH } = process.env;
  process.env.PATH = `${programs}:${PATH}`;
  try {
    await t.rejects(clone.stage(), {
      kind: 'same-uuid',
      code: 'FAILED_PRECONDITION',
      message: clone.volumeId,
      remedy: /unstage the other one first/,
    });
  } finally {
    process.env.PATH = PATH;
  }
  t.equal(lab.loops().length, 1, 'nothing is left of the refusal');
  await source.unstage();
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('btrfs: a source and its clone that are staged in the same moment', async (t) => {
  const lab = new LabNode(ceph);
  const source = at(lab, await lab.image(128), mountAs('btrfs'));
  await source.stage();
  writeFileSync(source.file, 'before');
  sh('sync', '--file-system', source.stagingPath);
  const clone = at(lab, await lab.clone(source.spec), mountAs('btrfs'));
  writeFileSync(source.file, 'after');
  await source.unstage();
  const node = lab.open();
  for (let round = 0; round < 3; round++) {
    const both = [source, clone].map((one) => one.stage(node));
    for (const [index, outcome] of (await Promise.allSettled(both)).entries()) {
      if (outcome.status === 'fulfilled') continue;
      t.notOk(MOUNTS_TWINS);
      t.match(outcome.reason, { kind: 'same-uuid' });
      await [source, clone][index]?.stage(node);
    }
    t.equal(readFileSync(source.file, 'utf8'), 'after');
    t.equal(readFileSync(clone.file, 'utf8'), 'before');
    await source.unstage();
    await clone.unstage();
  }
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('btrfs: what shows the source is not published as its clone', async (t) => {
  const lab = new LabNode(ceph);
  const capability = mountAs('btrfs');
  const source = at(lab, await lab.image(128), capability);
  await source.stage();
  const clone = at(lab, await lab.clone(source.spec), capability);
  await clone.stage();
  const { volumeId, stagingPath } = clone;
  sh('umount', stagingPath);
  sh('mount', '--bind', source.stagingPath, stagingPath);
  const targetPath = lab.target();
  const publish = { volumeId, stagingPath, targetPath, capability, readonly: false };
  await t.rejects(lab.open().publish(publish), { name: 'VolumeError', kind: 'not-staged' });
  sh('umount', stagingPath);
  await clone.stage();
  await lab.open().publish(publish);
  await lab.open().unpublish({ volumeId, targetPath });
  await clone.unstage();
  await source.unstage();
  t.strictSame(lab.leftovers(), NOTHING);
});

t.test('the mark of a format that was cut short does not count for a clone', async (t) => {
  for (const [name, formatted] of [
    ['stage/begin-format', false],
    ['stage/make-fs', true],
  ] as const) {
    const lab = new LabNode(ceph);
    const capability = mountAs('ext4');
    const source = at(lab, await lab.image(64), capability);
    const { effect, reached } = stopAfter(name);
    await Promise.race([reached, source.stage(lab.open(effect))]);
    await source.unstage();
    const clone = at(lab, await lab.clone(source.spec), capability);
    const marks = async ({ spec }: Staged) =>
      (await ceph.rbd('image-meta', 'ls', spec)).match(/pannier\S*formatting\s+(\S+)/)?.[1];
    const mark = await marks(source);
    t.ok(mark);
    t.equal(await marks(clone), mark, 'the clone inherits it');

    for (const [round, made] of [!formatted, false].entries()) {
      const { effect, done } = recordEffects();
      await clone.stage(lab.open(effect));
      t.equal(done.includes('stage/make-fs'), made, `${name}: stage ${round}`);
      if (round === 0) writeFileSync(clone.file, 'bytes');
      t.equal(readFileSync(clone.file, 'utf8'), 'bytes');
      await clone.unstage();
    }
    const { effect: again, done } = recordEffects();
    await source.stage(lab.open(again));
    t.ok(done.includes('stage/make-fs'), 'it still counts for its own image');
    await source.unstage();
    t.strictSame(lab.leftovers(), NOTHING);
  }
});
