import t from 'tap';
import { type ErrorName, fail } from '../../src/volume/errors.js';
import { patient } from '../../src/volume/patience.js';
import { Queue } from '../../src/volume/queue.js';

/** A clock that only waiting moves. */
function here() {
  let now = 0;
  const attempt = patient({
    now: () => now,
    wait: async (ms) => {
      now += ms;
    },
  });
  return { queue: new Queue(attempt), elapsed: () => now };
}

/** Fails so many times, and then answers how often it was tried. */
function failing(times: number, kind: ErrorName = 'cluster-unavailable') {
  let tries = 0;
  return async () => {
    tries += 1;
    if (tries <= times) fail(kind);
    return tries;
  };
}

t.test('what passes is tried again, for less than the minute that Mesos waits', async (t) => {
  const { queue } = here();
  t.equal(await queue.run(['a'], 'call', failing(49)), 50);
  const { queue: other, elapsed } = here();
  await t.rejects(other.run(['a'], 'call', failing(1_000)), { code: 'UNAVAILABLE' });
  t.equal(elapsed(), 50_000);
});

t.test('what does not pass by itself is answered at once', async (t) => {
  for (const kind of ['volume-in-use', 'cluster-denied', 'tool-failed', 'cluster-full'] as const) {
    const { queue, elapsed } = here();
    await t.rejects(queue.run(['a'], 'call', failing(1, kind)));
    t.equal(elapsed(), 0, kind);
  }
});

t.test('equal calls share all of the attempts', async (t) => {
  const { queue } = here();
  const action = failing(3);
  const call = () => queue.run(['a'], 'call', action);
  t.same(await Promise.all([call(), call()]), [4, 4]);
});
