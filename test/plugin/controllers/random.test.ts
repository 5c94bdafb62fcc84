import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { startCeph } from '../../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../../lab/nothing-left.js';
import { Crowd } from './crowd.js';
import { Fleet } from './fleet.js';
import { Random } from './random.js';

/** Deleted volumes are kept until the crowd frees them, so that they can be taken back. */
const KEPT = { PANNIER_DELETION: 'trash', PANNIER_TRASH_RETENTION: '1h' };
const CALLERS = 8;
const ROUNDS = 4;
const ROUND_MS = 20_000;
/** Repeats the choices of a run; which calls meet is still a matter of luck. */
const SEED = 'PANNIER_TEST_SEED';

t.test(
  'three controllers on the same few volumes at random: every OK is true, no orphan',
  async (t) => {
    const random = new Random(Number(process.env[SEED] ?? randomInt(2 ** 31)));
    t.comment(`${SEED}=${random.seed}`);
    const ceph = await startCeph();
    const fleet = await Fleet.start(ceph, 3, KEPT);
    const crowd = new Crowd(fleet, random);
    await crowd.begin();
    for (let round = 0; round < ROUNDS; round++) {
      const work = crowd.work(CALLERS, ROUND_MS);
      // In every other round the one that does the background work dies in the middle of it, and of its calls.
      const death =
        round % 2 === 1 ? sleep(ROUND_MS / 3).then(() => fleet.killWorker()) : undefined;
      await Promise.all([work, death]);
      await crowd.check();
      // What an answer promised and the cluster does not have is here, each kind as Crowd and its models tell.
      t.same(crowd.wrong, [], `after round ${round + 1}`);
    }
    await crowd.end();
    t.comment(JSON.stringify([...crowd.answers].sort()));
    for (const call of ['create', 'snapshot', 'unsnap', 'expand', 'delete', 'undelete'])
      t.ok((crowd.answers.get(`${call} OK`) ?? 0) > 0, `${call} was answered`);
    t.same(crowd.wrong, []);
    // An orphan is an image, a snapshot, an entry or a task that stays when all that anybody was told of is deleted.
    t.same(await whatIsLeft(ceph, fleet.at(0).folder), NOTHING);
    t.same((await fleet.at(0).admin.examine({})).findings, [], 'a doctor finds nothing');
    t.same(fleet.unforeseen, []);
    t.same(await fleet.stop(), [0, 0, 0]);
  },
);
