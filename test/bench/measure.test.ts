import t from 'tap';
import { inTurns, percentile } from '../../bench/measure.js';
import { parseRollup } from '../../bench/memory.js';

t.test('a percentile is the smallest sample that so many are not above', async (t) => {
  const samples = [9, 1, 8, 2, 7, 3, 6, 4, 5, 10];
  t.equal(percentile(samples, 50), 5);
  t.equal(percentile(samples, 95), 10);
  t.equal(percentile(samples, 90), 9);
  t.equal(percentile(samples, 0), 1);
  t.equal(percentile([3], 95), 3);
  t.same(samples, [9, 1, 8, 2, 7, 3, 6, 4, 5, 10], 'and the samples stay as they were');
  t.throws(() => percentile([], 50), { message: 'there are no samples' });
});

t.test('the two take turns at being first, and warming up is not counted', async (t) => {
  const done: string[] = [];
  const note = (who: string) => async (round: number) => done.push(`${who}${round}`);
  const step = (name: string) => ({ name, ours: note('o'), theirs: note('t'), settle: note('s') });
  const { signal } = new AbortController();
  const times = await inTurns([step('twice'), step('twice')], { rounds: 2, warmUp: 1, signal });
  t.equal(done.join(' '), 't0 o0 s0 t0 o0 s0 o1 s1 t1 o1 s1 t1 t2 o2 s2 t2 o2 s2');
  t.equal(times.get('twice')?.ours.rounds, 4);
  t.equal(times.get('twice')?.theirs.rounds, 4);
});

t.test('an interrupted measurement ends before its next action', async (t) => {
  const interrupt = new AbortController();
  const stop = async () => interrupt.abort(new Error('stop'));
  const step = { name: 'once', theirs: stop, ours: async () => t.fail('went on') };
  const turns = inTurns([step], { rounds: 1, warmUp: 0, signal: interrupt.signal });
  await t.rejects(turns, { message: 'stop' });
});

t.test('resident memory is told apart by what is behind it', async (t) => {
  const text =
    'Rss:              100 kB\nPss:    50 kB\nAnonymous:         30 kB\nAnonHugePages: 0 kB\n';
  t.same(parseRollup(text), { total: 102_400, anonymous: 30_720, fileBacked: 71_680 });
  t.throws(() => parseRollup('Rss: 1 kB\n'), { message: 'smaps_rollup has no Anonymous' });
});
