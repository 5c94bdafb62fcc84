import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Queue } from '../../src/volume/queue.js';

t.test('calls for one volume follow each other, others do not wait', async (t) => {
  const queue = new Queue();
  const seen: string[] = [];
  const slow = queue.run(['a'], 'first', async () => {
    seen.push('first begins');
    await sleep(20);
    seen.push('first ends');
  });
  const next = queue.run(['a'], 'second', async () => seen.push('second'));
  await queue.run(['b'], 'other', async () => seen.push('other'));
  t.same(seen, ['first begins', 'other']);
  await Promise.all([slow, next]);
  t.same(seen, ['first begins', 'other', 'first ends', 'second']);
});

t.test('a call that holds two keys waits for both', async (t) => {
  const queue = new Queue();
  const seen: string[] = [];
  const first = queue.inLine(['name'], async () => {
    await sleep(10);
    seen.push('name');
  });
  const second = queue.inLine(['handle'], async () => {
    await sleep(20);
    seen.push('handle');
  });
  await queue.inLine(['name', 'handle'], async () => seen.push('both'));
  await Promise.all([first, second]);
  t.same(seen, ['name', 'handle', 'both']);
});

t.test('equal calls that overlap share one execution and its answer', async (t) => {
  const queue = new Queue();
  let executions = 0;
  const call = () =>
    queue.run(['a'], 'same', async () => {
      await sleep(5);
      return ++executions;
    });
  t.same(await Promise.all([call(), call(), call()]), [1, 1, 1]);
  t.equal(await call(), 2, 'a later one is executed again');
});

t.test('a failure is shared, and does not stop the line', async (t) => {
  const queue = new Queue();
  const failing = () => queue.run(['a'], 'bad', () => Promise.reject(new Error('no')));
  const results = await Promise.allSettled([failing(), failing()]);
  t.same(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  t.equal(await queue.run(['a'], 'good', async () => 'fine'), 'fine');
});
