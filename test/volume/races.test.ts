import t from 'tap';
import type { Controller, Volume } from '../../src/volume/controller.js';
import { createVolume } from '../../src/volume/create/create.js';
import { deleteVolume } from '../../src/volume/delete/delete.js';
import { VolumeError } from '../../src/volume/errors.js';
import { expandVolume } from '../../src/volume/expand.js';
import { formatHandle } from '../../src/volume/handle.js';
import { DELETING_KEY } from '../../src/volume/marks.js';
import { imageName } from '../../src/volume/name.js';
import { publishVolume } from '../../src/volume/publish.js';
import { parseRecord, RECORD_KEY } from '../../src/volume/record.js';
import { controllerOf } from './controllers.js';
import { MemoryCeph } from './memory-ceph.js';
import { memoryClusters } from './memory-clusters.js';

const MIB = 1n << 20n;
const HANDLE = `main/rbd/${imageName('data', 'pannier-')}`;

/** Lets one waiting operation go at a time, in an order that the seed decides: every interleaving can come up. */
class Schedule {
  readonly #waiting: Array<() => void> = [];
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2654435761 + 1;
  }

  readonly step = () => new Promise<void>((resolve) => this.#waiting.push(resolve));

  random(below: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * below);
  }

  async run(work: Promise<unknown>): Promise<void> {
    let done = false;
    work.finally(() => {
      done = true;
    });
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#waiting.splice(this.random(this.#waiting.length), 1)[0]?.();
    }
  }
}

/** A controller whose process dies after `lives` store operations: from then on nothing of it happens. */
function controllerOn(
  ceph: MemoryCeph,
  step: () => Promise<void>,
  lives = Number.POSITIVE_INFINITY,
): Controller {
  let left = lives;
  const clusters = memoryClusters(ceph, () => (left-- > 0 ? step() : new Promise(() => {})));
  return controllerOf(clusters, { wait: step });
}

function create(controller: Controller, sizeBytes = 64n * MIB, pool = 'rbd'): Promise<Volume> {
  return createVolume(controller, {
    name: 'data',
    range: { requiredBytes: sizeBytes, limitBytes: sizeBytes },
    capabilities: [{ access: { kind: 'block' }, mode: 'SINGLE_NODE_WRITER' }],
    parameters: { pool },
    source: undefined,
    credentials: undefined,
  });
}

/** Creates again and again while another controller gets in between, as an orchestrator would. */
async function settle(controller: Controller, ceph: MemoryCeph): Promise<void> {
  await deleteVolume(controller, HANDLE, undefined);
  await deleteVolume(controller, HANDLE.replace('/rbd/', '/fast/'), undefined);
  const volume = await create(controller, 7n * MIB);
  await deleteVolume(controller, formatHandle(volume.handle), undefined);
  // The work of a controller that died is another's when its lock has run out.
  ceph.worker = undefined;
  for (let i = 0; i < 200 && ceph.indexes.names.tasks.size > 0; i++) {
    controller.work.scan();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await controller.work.stop();
}

const NOTHING = new MemoryCeph().leaks();
const immediate = async () => {};

function codeOf(result: PromiseSettledResult<unknown>): string {
  if (result.status === 'fulfilled') return 'OK';
  if (result.reason instanceof VolumeError) return result.reason.code;
  throw result.reason;
}

t.test('two controllers that create the same end with one image and one answer', async (t) => {
  for (let seed = 0; seed < 300; seed++) {
    const ceph = new MemoryCeph();
    const schedule = new Schedule(seed);
    const work = Promise.all([0, 1, 2].map(() => create(controllerOn(ceph, schedule.step))));
    await schedule.run(work);
    const handles = new Set((await work).map(({ handle }) => formatHandle(handle)));
    const record = parseRecord([...ceph.names.values()][0]);
    const image = ceph.images.get(`rbd//${imageName('data', 'pannier-')}`);
    if (
      handles.size !== 1 ||
      ceph.images.size !== 1 ||
      record?.handle !== HANDLE ||
      image?.metadata.get(RECORD_KEY) !== [...ceph.names.values()][0]
    )
      t.fail(`seed ${seed}`, { handles: [...handles], ...ceph.leaks() });
  }
  t.pass('300 interleavings');
});

t.test('two controllers with different wishes for one name: one volume, no orphan', async (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 600; seed++) {
    const ceph = new MemoryCeph();
    const schedule = new Schedule(seed);
    const work = Promise.allSettled([
      create(controllerOn(ceph, schedule.step), 64n * MIB),
      create(controllerOn(ceph, schedule.step), 128n * MIB),
      create(controllerOn(ceph, schedule.step), 64n * MIB, 'fast'),
    ]);
    await schedule.run(work);
    const codes = (await work).map(codeOf);
    seen.add(codes.join(' '));
    const answered = codes.filter((code) => code === 'OK').length;
    if (answered > 1 || ceph.images.size !== 1 || ceph.names.size !== 1)
      t.fail(`seed ${seed}: ${codes.join(' ')}`, ceph.leaks());
  }
  t.ok(seen.size >= 3, `each of them can win: ${[...seen].join('; ')}`);
});

t.test('a creation cut short anywhere is completed or replaced, and nothing is left', async (t) => {
  let cut = 0;
  for (let lives = 0; lives < 24; lives++) {
    for (const again of [64n * MIB, 128n * MIB]) {
      for (const pool of ['rbd', 'fast']) {
        const ceph = new MemoryCeph();
        const dying = create(controllerOn(ceph, immediate, lives));
        const finished = await Promise.race([
          dying.then(() => true),
          new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 2)),
        ]);
        if (!finished) cut++;
        const next = controllerOn(ceph, immediate);
        const committed = [...ceph.names.values()].some((text) => parseRecord(text) !== undefined);
        const [result] = await Promise.allSettled([create(next, again, pool)]);
        const code = codeOf(result as PromiseSettledResult<unknown>);
        if (!committed) t.equal(code, 'OK', `after ${lives} steps, then ${again} in ${pool}`);
        await settle(controllerOn(ceph, immediate), ceph);
        t.same(ceph.leaks(), NOTHING, `after ${lives} steps, then ${again} in ${pool}`);
      }
    }
  }
  t.ok(cut > 20, `${cut} creations were really cut short`);
});

t.test('a deletion cut short anywhere is finished by the next one', async (t) => {
  for (let lives = 0; lives < 24; lives++) {
    const ceph = new MemoryCeph();
    await create(controllerOn(ceph, immediate));
    await Promise.race([
      deleteVolume(controllerOn(ceph, immediate, lives), HANDLE, undefined),
      new Promise((resolve) => setTimeout(resolve, 2)),
    ]);
    await settle(controllerOn(ceph, immediate), ceph);
    t.same(ceph.leaks(), NOTHING, `after ${lives} steps`);
  }
});

t.test(
  'deletions, an expansion and a publication at once: nothing published is deleted',
  async (t) => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 1500; seed++) {
      const ceph = new MemoryCeph();
      ceph.nodes.set('n1', JSON.stringify({ hostname: 'n1', address: '192.0.2.9' }));
      await create(controllerOn(ceph, immediate));
      const schedule = new Schedule(seed);
      const [one, two, three] = [0, 1, 2].map(() => controllerOn(ceph, schedule.step)) as [
        Controller,
        Controller,
        Controller,
      ];
      const work = Promise.allSettled([
        deleteVolume(one, HANDLE, undefined),
        deleteVolume(two, HANDLE, undefined),
        deleteVolume(three, HANDLE, undefined),
        expandVolume(one, HANDLE, { requiredBytes: 80n * MIB, limitBytes: 0n }, undefined),
        publishAgain(two, 'n1'),
      ]);
      await schedule.run(work);
      const codes = (await work).map(codeOf);
      seen.add(codes.join(' '));
      const image = ceph.images.get(`rbd//${imageName('data', 'pannier-')}`);
      if (codes[4] === 'OK' && image === undefined)
        t.fail(`seed ${seed}: deleted while published: ${codes.join(' ')}`);
      if (codes.slice(0, 3).includes('OK') !== (image === undefined))
        t.fail(`seed ${seed}: the image and the answers differ: ${codes.join(' ')}`);
      if (codes.slice(0, 3).every((code) => code !== 'OK') && image?.metadata.has(DELETING_KEY))
        t.fail(`seed ${seed}: nobody deletes it and it is marked: ${codes.join(' ')}`);
    }
    t.ok(seen.size >= 3, `each can win: ${[...seen].join('; ')}`);
  },
);

/** Publishes, and once more where it was refused, as Nomad does. */
async function publishAgain(controller: Controller, nodeId: string): Promise<void> {
  const publish = () =>
    publishVolume(controller, {
      volumeId: HANDLE,
      nodeId,
      capability: { access: { kind: 'block' }, mode: 'SINGLE_NODE_WRITER' },
      readonly: false,
      credentials: undefined,
    });
  for (let round = 0; round < 4; round++)
    try {
      return await publish();
    } catch (error) {
      if (!(error instanceof VolumeError) || error.code !== 'FAILED_PRECONDITION') throw error;
    }
  return publish();
}

t.test('create, delete, publish and expand at once: nothing answered OK is lost', async (t) => {
  for (let seed = 0; seed < 400; seed++) {
    const ceph = new MemoryCeph();
    ceph.nodes.set('n1', JSON.stringify({ hostname: 'n1', address: '192.0.2.1' }));
    ceph.nodes.set('n2', JSON.stringify({ hostname: 'n2', address: '192.0.2.2' }));
    await create(controllerOn(ceph, immediate));
    const schedule = new Schedule(seed);
    const one = controllerOn(ceph, schedule.step);
    const two = controllerOn(ceph, schedule.step);
    const publish = (controller: Controller, nodeId: string) =>
      publishVolume(controller, {
        volumeId: HANDLE,
        nodeId,
        capability: { access: { kind: 'block' }, mode: 'SINGLE_NODE_WRITER' },
        readonly: false,
        credentials: undefined,
      });
    const work = Promise.allSettled([
      publish(one, 'n1'),
      publish(two, 'n2'),
      deleteVolume(two, HANDLE, undefined),
      expandVolume(one, HANDLE, { requiredBytes: 80n * MIB, limitBytes: 0n }, undefined),
      expandVolume(two, HANDLE, { requiredBytes: 70n * MIB, limitBytes: 0n }, undefined),
    ]);
    await schedule.run(work);
    const [first, second, deleted, larger] = (await work).map(codeOf);
    const context = `seed ${seed}: ${first} ${second} ${deleted} ${larger}`;
    const image = ceph.images.get(`rbd//${imageName('data', 'pannier-')}`);
    if (first === 'OK' && second === 'OK') t.fail(`${context}: two writers`);
    if ((first === 'OK' || second === 'OK') && deleted === 'OK')
      t.fail(`${context}: deleted while published`);
    if (deleted === 'OK' ? image !== undefined : image === undefined)
      t.fail(`${context}: the image and the answer differ`);
    if (larger === 'OK' && image !== undefined && image.sizeBytes < 80n * MIB)
      t.fail(`${context}: shrunk to ${image.sizeBytes}`);
  }
  t.pass('400 interleavings');
});
