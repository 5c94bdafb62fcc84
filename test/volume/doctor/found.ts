import type { Test } from 'tap';
import { nameKey } from '../../../src/volume/name.js';
import { MemoryCeph, type MemoryImage } from '../memory-ceph.js';
import {
  controllerOn,
  create,
  endAll,
  handleOf,
  kindsOf,
  look,
  mend,
  NOTHING,
  pathOf,
} from './rig.js';

export const DATA = handleOf('data');

/** A cluster with one volume, "data". */
export async function here() {
  const ceph = new MemoryCeph();
  const controller = controllerOn(ceph);
  await create(controller, 'data');
  const image = ceph.images.get(pathOf('data')) as MemoryImage;
  const { names, snapshotNames } = ceph.indexes;
  return { ceph, controller, image, names, snapshotNames, key: nameKey('data') };
}

/** The doctor finds these and changes nothing, mends them, and finds nothing any more. */
export async function foundAndMended(t: Test, ceph: MemoryCeph, ...kinds: readonly string[]) {
  const before = ceph.leaks();
  const found = await look(ceph);
  t.same(kindsOf(found), kinds, 'found');
  t.ok(
    found.every(({ remedy, fixed }) => remedy !== '' && !fixed),
    'what would be done',
  );
  t.same(ceph.leaks(), before, 'a look changes nothing');
  const mended = await mend(ceph);
  t.ok(kinds.every((kind) => kindsOf(mended).includes(kind)));
  t.ok(
    mended.every(({ fixed }) => fixed),
    'all is mended',
  );
  t.same(await look(ceph), [], 'nothing is left to find');
}

/** The doctor finds these, and leaves them to a person. */
export async function foundAndLeft(t: Test, ceph: MemoryCeph, ...kinds: readonly string[]) {
  const before = ceph.leaks();
  t.same(kindsOf(await look(ceph)), kinds);
  const left = await mend(ceph);
  t.same(kindsOf(left), kinds);
  t.ok(left.every(({ fixed, remedy }) => !fixed && remedy === ''));
  t.same(ceph.leaks(), before, 'nothing is changed');
}

export async function nothingLeft(t: Test, ceph: MemoryCeph) {
  await endAll(ceph);
  t.same(ceph.leaks(), NOTHING, 'all of it can be deleted');
}
