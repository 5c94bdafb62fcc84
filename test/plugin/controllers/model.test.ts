import t from 'tap';
import type { Answer } from './fleet.js';
import { SnapshotModel, VolumeModel } from './model.js';

// What the random test of several controllers calls wrong, each shown to it once.

const answer = <T>(began: number, ended: number, code = 'OK', value?: T): Answer<T> => ({
  ...{ code, message: '', value, began, ended },
});

function model(): { volume: VolumeModel; at: (ms: number) => number } {
  const volume = new VolumeModel('name', 'id');
  volume.begin(8n, 'tag');
  const start = performance.now() + 1;
  return { volume, at: (ms) => start + ms };
}

t.test('a volume is there or not as one order of the calls leaves it', async (t) => {
  const untouched = model();
  t.ok(untouched.volume.canBe(true));
  t.notOk(untouched.volume.canBe(false), 'a creation that was lost');

  const { volume, at } = model();
  volume.changed(false, answer(at(0), at(10)));
  t.ok(volume.canBe(false));
  t.notOk(volume.canBe(true), 'a deletion that was lost');
  volume.changed(true, answer(at(5), at(20)));
  t.ok(volume.canBe(true) && volume.canBe(false), 'calls that overlap end either way');
  volume.changed(true, answer(at(30), at(40)));
  t.notOk(volume.canBe(false), 'an undeletion that was lost');
  volume.changed(false, answer(at(50), at(60), 'UNAVAILABLE'));
  t.ok(volume.canBe(true) && volume.canBe(false), 'a call without an answer may have done it');
  t.ok(volume.isUnsettled(false));
  t.notOk(volume.isUnsettled(true));
});

t.test('a volume has a size that somebody was told of', async (t) => {
  const { volume, at } = model();
  volume.grown(12n, answer(at(0), at(10)));
  t.notOk(volume.canHave(8n), 'an expansion that was lost');
  t.ok(volume.canHave(12n));
  t.notOk(volume.canHave(16n), 'one that nobody asked for');
  volume.grown(16n, answer(at(0), at(10), 'UNAVAILABLE'));
  t.ok(volume.canHave(16n) && volume.canHave(12n));
});

t.test('a snapshot is listed from its answer to its deletion', async (t) => {
  const snapshots = new SnapshotModel();
  const request = { name: 'snapshot', volumeId: 'id', tag: 'tag' };
  snapshots.taken(request, answer(0, 1, 'OK', { id: 'one', sizeBytes: 8n }));
  const fine = { lost: [], undead: [], unknown: [] };
  t.same(snapshots.wrongIn(new Set(['one'])), fine);
  t.match(snapshots.wrongIn(new Set()), { lost: [{ id: 'one' }] });
  t.match(snapshots.wrongIn(new Set(['one', 'two'])), { unknown: ['two'] });
  const [known] = snapshots.known.values();
  if (known !== undefined) known.deletion = 'done';
  t.same(snapshots.wrongIn(new Set()), fine);
  t.match(snapshots.wrongIn(new Set(['one'])), { undead: [{ id: 'one' }] });

  snapshots.taken({ ...request, tag: 'former' }, answer(2, 3, 'UNAVAILABLE'));
  snapshots.taken(request, answer(4, 5, 'OK', { id: 'three', sizeBytes: 8n }));
  t.same([...(snapshots.known.get('three')?.tags ?? [])], ['tag', 'former']);
});
