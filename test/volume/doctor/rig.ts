import type { Controller, Source, Volume } from '../../../src/volume/controller.js';
import { createVolume } from '../../../src/volume/create/create.js';
import { deleteVolume } from '../../../src/volume/delete/delete.js';
import { examine, type Finding } from '../../../src/volume/doctor/examine.js';
import { plainEffect } from '../../../src/volume/effects.js';
import { formatHandle } from '../../../src/volume/handle.js';
import { listVolumes } from '../../../src/volume/list.js';
import { imageName } from '../../../src/volume/name.js';
import { createSnapshot } from '../../../src/volume/snapshot/create.js';
import { deleteSnapshot } from '../../../src/volume/snapshot/delete.js';
import { listSnapshots } from '../../../src/volume/snapshot/list.js';
import { runTask } from '../../../src/volume/work/run.js';
import { parseTask } from '../../../src/volume/work/tasks.js';
import { controllerOf } from '../controllers.js';
import { MemoryCeph, type MemoryImage } from '../memory-ceph.js';
import { memoryClusters } from '../memory-clusters.js';

export const MIB = 1n << 20n;
export const NOTHING = new MemoryCeph().leaks();
export const immediate = async () => {};

export const handleOf = (name: string, pool = 'rbd') =>
  `main/${pool}/${imageName(name, 'pannier-')}`;
export const pathOf = (name: string, pool = 'rbd') => `${pool}//${imageName(name, 'pannier-')}`;

export interface Pace {
  readonly step: () => Promise<void>;
  readonly wait: (ms: number) => Promise<void>;
}

/** A controller whose process dies after `lives` operations of Ceph: from then on nothing of it happens. */
export function controllerOn(
  ceph: MemoryCeph,
  { step, wait }: Pace = { step: immediate, wait: immediate },
  lives = Number.POSITIVE_INFINITY,
): Controller {
  let left = lives;
  const dead = new Promise<never>(() => {});
  return controllerOf(
    memoryClusters(ceph, () => (left-- > 0 ? step() : dead)),
    { wait: (ms) => (left > 0 ? wait(ms) : dead) },
  );
}

export interface Wishes {
  readonly sizeBytes?: bigint;
  readonly pool?: string;
  readonly source?: Source;
}

export function create(
  controller: Controller,
  name: string,
  { sizeBytes = 64n * MIB, pool = 'rbd', source }: Wishes = {},
): Promise<Volume> {
  return createVolume(controller, {
    name,
    range: { requiredBytes: sizeBytes, limitBytes: sizeBytes },
    capabilities: [],
    parameters: { pool },
    source,
    credentials: undefined,
  });
}

export const remove = (controller: Controller, name: string, pool = 'rbd') =>
  deleteVolume(controller, handleOf(name, pool), undefined);

export const snap = (controller: Controller, name: string, volume: string) =>
  createSnapshot(controller, {
    ...{ name, sourceVolumeId: handleOf(volume) },
    ...{ parameters: {}, credentials: undefined },
  });

export async function volumeIds(ceph: MemoryCeph): Promise<readonly string[]> {
  const { volumes } = await listVolumes(controllerOn(ceph), 0, '');
  return volumes.map(({ handle }) => formatHandle(handle));
}

export async function snapshotIds(ceph: MemoryCeph): Promise<readonly string[]> {
  const all = { maxEntries: 0, startingToken: '', sourceVolumeId: '', snapshotId: '' };
  const page = await listSnapshots(controllerOn(ceph), { ...all, credentials: undefined });
  return page.snapshots.map(({ id }) => id);
}

/** What a doctor finds that has Ceph to itself. */
export const look = (ceph: MemoryCeph) => examine(controllerOn(ceph), false);
export const mend = (ceph: MemoryCeph) => examine(controllerOn(ceph), true);

export const kindsOf = (findings: readonly Finding[]) => findings.map(({ kind }) => kind).sort();

/** Does what is left to do, whoever has the lock, until nothing can be done. */
export async function workOff(ceph: MemoryCeph): Promise<void> {
  const cluster = controllerOn(ceph).clusters.get('main');
  for (let round = 0; round < 6; round++)
    for (const index of ['snapshotNames', 'names'] as const)
      for (const stored of await cluster[index].listTasks()) {
        const task = parseTask(stored.value);
        if (task !== undefined) await runTask(cluster, index, stored, task, plainEffect);
      }
}

/** Deletes all that can be listed, and does what is left to do. */
export async function endAll(ceph: MemoryCeph): Promise<void> {
  const controller = controllerOn(ceph);
  for (const id of await snapshotIds(ceph)) await deleteSnapshot(controller, id, undefined);
  for (const id of await volumeIds(ceph)) await deleteVolume(controller, id, undefined);
  await workOff(ceph);
}

/** Gives an image a name, as an operator does by hand. */
export function nameImage(ceph: MemoryCeph, path: string, id: string): void {
  ceph.ids.set(path, id);
  ceph.directory.set(path, id);
}

/** Takes a name away. */
export function unname(ceph: MemoryCeph, path: string): void {
  ceph.ids.delete(path);
  ceph.directory.delete(path);
}

/** Puts an image into RBD's trash. */
export function trash(ceph: MemoryCeph, path: string, { id, place }: MemoryImage): void {
  unname(ceph, path);
  ceph.trash.set(id, { name: path.split('/')[2] ?? '', place });
}

/** Has an image open for writing, as a stranger. */
export function use(ceph: MemoryCeph, id: string): void {
  ceph.watches.set(id, ['192.0.2.9:0/1']);
}

/** Takes an RBD snapshot. */
export function snapByHand(ceph: MemoryCeph, image: MemoryImage, name: string): void {
  const { sizeBytes, content, parent } = image;
  image.snapshots.push({
    ...{ id: BigInt(ceph.nextNumber()), name, sizeBytes, content, parent },
    ...{ created: new Date(), kind: 'user', children: new Set() },
  });
}

/** Makes every claim look as old as one that nobody goes on with. */
export function age(ceph: MemoryCeph): void {
  for (const { entries } of Object.values(ceph.indexes))
    for (const [key, text] of entries) entries.set(key, text.replace(/"since":\d+/, '"since":1'));
}

/** Lets a call run until its controller dies; false where it ended before. */
export async function cutShort(call: Promise<unknown>): Promise<boolean> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  call.then(end, end);
  for (let turn = 0; turn < 20 && !ended; turn++)
    await new Promise((resolve) => setImmediate(resolve));
  return !ended;
}

/** How many operations of Ceph fit into a millisecond: far fewer than in life, so that others wait long enough. */
const PER_MS = 0.2;

/**
 * Lets one waiting operation go at a time, in an order that the seed decides. With every other eight seeds whoever
 * went last mostly goes on, so that others stand still for a whole look in between. Who waits a while waits until
 * many have gone or nothing else can go on.
 */
export class Schedule {
  readonly #waiting: Array<() => void> = [];
  readonly #sleeping: Array<{ readonly until: number; readonly wake: () => void }> = [];
  #gone = 0;
  #state: number;

  constructor(private readonly seed: number) {
    this.#state = seed * 2654435761 + 1;
  }

  readonly step = () => new Promise<void>((resolve) => this.#waiting.push(resolve));
  readonly wait = (ms: number) =>
    new Promise<void>((wake) => {
      this.#sleeping.push({ until: this.#gone + ms * PER_MS, wake });
      this.#sleeping.sort((left, right) => left.until - right.until);
    });

  /** The same for one that does not wait: it looks again at once. */
  get impatient(): Pace {
    return { step: this.step, wait: this.step };
  }

  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = () => {
      done = true;
    };
    work.then(end, end);
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      const [first] = this.#sleeping;
      if (first !== undefined && (first.until <= this.#gone || this.#waiting.length === 0)) {
        this.#sleeping.shift();
        first.wake();
      } else {
        this.#gone++;
        const { length } = this.#waiting;
        const last = (this.seed & 8) !== 0 && this.#random(32) > 0;
        this.#waiting.splice(last ? length - 1 : this.#random(length), 1)[0]?.();
      }
    }
    return work;
  }

  #random(below: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * below);
  }
}
