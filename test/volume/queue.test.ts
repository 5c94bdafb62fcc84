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

/** A call that ends when it is told to, and what of several has begun. */
function calls(queue: Queue) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const fails = new Map<string, (error: Error) => void>();
  const call = (name: string, keys: readonly string[], sharing: readonly string[] = []) =>
    queue
      .inLine(
        keys,
        () =>
          new Promise<void>((resolve, reject) => {
            begun.push(name);
            ends.set(name, resolve);
            fails.set(name, reject);
          }),
        sharing,
      )
      .catch(() => undefined);
  const end = async (name: string, error?: Error) => {
    if (error === undefined) ends.get(name)?.();
    else fails.get(name)?.(error);
    await turn();
  };
  return { begun, call, end };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

t.test(
  'those that share a key run at once, and one that has it for itself runs alone',
  async (t) => {
    const { begun, call, end } = calls(new Queue());
    call('clone 1', ['copy 1'], ['source']);
    call('clone 2', ['copy 2'], ['source']);
    call('delete', ['source']);
    call('clone 3', ['copy 3'], ['source']);
    call('clone 4', ['copy 4'], ['source']);
    await turn();
    t.same(begun, ['clone 1', 'clone 2'], 'the others are behind one that wants it for itself');
    await end('clone 2');
    t.same(begun.length, 2, 'it waits for all that share');
    await end('clone 1');
    t.same(begun.slice(2), ['delete'], 'later ones do not overtake it');
    await end('delete');
    t.same(begun.slice(3), ['clone 3', 'clone 4']);
  },
);

t.test('a failure of one that shares or has a key does not stop the line', async (t) => {
  const { begun, call, end } = calls(new Queue());
  call('clone', [], ['source']);
  call('delete', ['source']);
  call('snap', [], ['source']);
  await turn();
  await end('clone', new Error('no'));
  t.same(begun, ['clone', 'delete']);
  await end('delete', new Error('no'));
  t.same(begun, ['clone', 'delete', 'snap']);
});

t.test('one that names a key twice, or both ways, has it for itself and ends', async (t) => {
  const { begun, call, end } = calls(new Queue());
  call('shared', [], ['a']);
  call('both', ['a', 'a'], ['a', 'b']);
  call('after', [], ['a']);
  call('beside', [], ['b']);
  await turn();
  t.same(begun, ['shared', 'beside']);
  await end('shared');
  t.same(begun, ['shared', 'beside', 'both']);
  await end('both');
  t.same(begun, ['shared', 'beside', 'both', 'after']);
});

t.test(
  'whatever keys calls have, in whatever order: none waits for ever, none meets another',
  async (t) => {
    let state = 7;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const some = () => ['a', 'b', 'c', 'd'].filter(() => random(3) === 0);
    for (let round = 0; round < 60; round++) {
      const queue = new Queue();
      const inside = new Map<string, { alone: number; sharing: number }>();
      const began = new Map<string, number[]>();
      const all = Array.from({ length: 40 }, (_, number) => {
        const keys = some();
        const sharing = some().filter((key) => !keys.includes(key));
        return queue.inLine(
          keys,
          async () => {
            for (const key of keys) {
              const there = inside.get(key) ?? { alone: 0, sharing: 0 };
              if (there.alone + there.sharing > 0) t.fail(`round ${round}: two have "${key}"`);
              inside.set(key, { ...there, alone: 1 });
              if ((began.get(key) ?? []).some((earlier) => earlier > number))
                t.fail(`round ${round}: ${number} was overtaken on "${key}"`);
            }
            for (const key of [...keys, ...sharing])
              began.set(key, [...(began.get(key) ?? []), number]);
            for (const key of sharing) {
              const there = inside.get(key) ?? { alone: 0, sharing: 0 };
              if (there.alone > 0) t.fail(`round ${round}: one has "${key}" for itself`);
              inside.set(key, { ...there, sharing: there.sharing + 1 });
            }
            for (let i = random(4); i > 0; i--) await turn();
            for (const key of keys) inside.set(key, { alone: 0, sharing: 0 });
            for (const key of sharing) {
              const there = inside.get(key) ?? { alone: 0, sharing: 0 };
              inside.set(key, { ...there, sharing: there.sharing - 1 });
            }
            if (random(5) === 0) throw new Error('no');
          },
          sharing,
        );
      });
      await Promise.allSettled(all);
    }
    t.pass('2400 calls ended');
  },
);

t.test('a line that nobody stands in is forgotten', async (t) => {
  const queue = new Queue();
  const { call, end } = calls(queue);
  call('one', ['a'], ['b']);
  call('two', ['b'], ['a', 'c']);
  await turn();
  await end('one');
  await end('two');
  await queue.run(['a'], 'x', async () => undefined, ['c']);
  await turn();
  t.equal(queue.size, 0);
});
