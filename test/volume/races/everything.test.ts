import t from 'tap';
import type { Controller } from '../../../src/volume/controller.js';
import { freeDeleted } from '../../../src/volume/delete/free.js';
import { listDeleted } from '../../../src/volume/delete/list-deleted.js';
import { undeleteVolume } from '../../../src/volume/delete/undelete.js';
import { VolumeError } from '../../../src/volume/errors.js';
import { RECORD_KEY } from '../../../src/volume/record.js';
import { MemoryCeph } from '../memory-ceph.js';
import {
  create,
  endAll,
  handleOf,
  ofSnapshot,
  ofVolume,
  pathIn,
  remove,
  snap,
  snapshotIds,
  unsnap,
  volumeIds,
} from './calls.js';
import { controllerOn, Schedule, workOff, workOnce } from './schedule.js';

// Everything at once. Lost would be a volume or a snapshot that was answered OK, that nobody was asked to delete, and
// that is not listed at the end; wrong one whose content is none that its source ever had; an orphan is anything in
// Ceph when each call that was cut short was repeated and all that is listed is deleted.

const SHARED = ['data', 'logs'];

/** What one run did. */
interface Run {
  readonly ceph: MemoryCeph;
  readonly schedule: Schedule;
  /** Names of volumes and snapshots that are to be there at the end. */
  readonly kept: Set<string>;
  readonly keptSnapshots: Set<string>;
  readonly names: Set<string>;
  readonly snapshotNames: Set<string>;
}

/** A controller's calls, one after the other, some of which nobody else makes. */
async function orchestrate(run: Run, controller: Controller, number: number): Promise<void> {
  const { schedule } = run;
  for (let i = 0; i < 6; i++) {
    const shared = SHARED[schedule.random(SHARED.length)] as string;
    const own = `own${number}x${i}`;
    try {
      await call(run, controller, shared, own, schedule.random(8));
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      if (error.code === 'INTERNAL') t.fail(`seed ${schedule.seed}: ${error.message}`);
    }
  }
}

async function call(
  { ceph, kept, keptSnapshots, names, snapshotNames }: Run,
  controller: Controller,
  shared: string,
  own: string,
  kind: number,
): Promise<void> {
  const fill = (name: string, content: string) => {
    const image = ceph.images.get(pathIn(name));
    if (image !== undefined && image.content === '') image.content = content;
  };
  switch (kind) {
    case 0:
      await create(controller, shared);
      return fill(shared, `of ${shared}`);
    case 1:
      return remove(controller, shared);
    case 2: {
      snapshotNames.add(own);
      const { id } = await snap(controller, own, shared);
      keptSnapshots.add(id);
      return;
    }
    case 3: {
      snapshotNames.add(`of${shared}`);
      const { id } = await snap(controller, `of${shared}`, shared);
      return unsnap(controller, id);
    }
    case 4:
      names.add(own);
      await create(controller, own, { source: ofVolume(shared) });
      kept.add(own);
      return;
    case 5: {
      const [id] = await snapshotIds(controller);
      if (id === undefined) return;
      names.add(`copy${shared}`);
      await create(controller, `copy${shared}`, { source: ofSnapshot(id) });
      return remove(controller, `copy${shared}`);
    }
    case 6:
      await undeleteVolume(controller, handleOf(shared), '');
      return;
    default:
      return workOnce(controller.clusters);
  }
}

t.test('three controllers, one of which may die, do everything at once', async (t) => {
  let [volumes, snapshots] = [0, 0];
  for (let seed = 0; seed < 120; seed++) {
    const ceph = new MemoryCeph();
    const schedule = new Schedule(seed);
    const run: Run = {
      ...{ ceph, schedule, kept: new Set(), keptSnapshots: new Set() },
      ...{ names: new Set(SHARED), snapshotNames: new Set(SHARED.map((name) => `of${name}`)) },
    };
    const keeping = seed % 2 === 0 ? { retentionMs: 3_600_000 } : {};
    const one = controllerOn(ceph, schedule, undefined, keeping);
    const two = controllerOn(ceph, schedule, undefined, keeping);
    const dying = controllerOn(ceph, schedule, 20 + schedule.random(200), keeping);
    orchestrate(run, dying, 2).catch(() => undefined);
    await schedule.run(
      Promise.all([
        orchestrate(run, one, 0),
        orchestrate(run, two, 1),
        workOnce(one.clusters).then(() => workOnce(two.clusters)),
      ]),
    );
    await workOff(ceph);
    volumes += run.kept.size;
    snapshots += run.keptSnapshots.size;
    await check(run);
    for (const name of SHARED)
      await undeleteVolume(controllerOn(ceph), handleOf(name), '').catch(() => undefined);
    for (const { handle, imageId } of await listDeleted(controllerOn(ceph)))
      await freeDeleted(controllerOn(ceph), handle, imageId);
    await endAll(ceph, `seed ${seed}`, {
      volumes: [...run.names],
      snapshots: [...run.snapshotNames],
    });
  }
  t.ok(volumes > 20 && snapshots > 20, `${volumes} volumes and ${snapshots} snapshots were kept`);
});

async function check({ ceph, schedule, kept, keptSnapshots }: Run): Promise<void> {
  const context = `seed ${schedule.seed}`;
  const listed = await volumeIds(controllerOn(ceph));
  for (const name of kept)
    if (!listed.includes(handleOf(name))) t.fail(`${context}: volume "${name}" is lost`);
  const taken = await snapshotIds(controllerOn(ceph));
  for (const id of keptSnapshots)
    if (!taken.includes(id)) t.fail(`${context}: snapshot "${id}" is lost`);
  for (const [path, image] of ceph.images) {
    const known = SHARED.map((name) => `of ${name}`);
    const isListed = listed.some((id) => `main/${path.replace('//', '/')}` === id);
    if (isListed && image.content !== '' && !known.includes(image.content))
      t.fail(`${context}: "${path}" has "${image.content}"`);
    if (isListed && ![...ceph.names.values()].includes(image.metadata.get(RECORD_KEY) ?? '-'))
      t.fail(`${context}: "${path}" has another record than the index`);
    if (image.parent !== undefined && ceph.snapshotOf(image.parent) === undefined)
      t.fail(`${context}: "${path}" has lost its parent`);
  }
}
