import t from 'tap';
import { atOnce } from '../../lab/at-once.js';
import { startCeph } from '../../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../../lab/nothing-left.js';
import { create, fromVolume, type Wishes } from '../crash/calls.js';
import { answerOf, Fleet, isUnknown } from './fleet.js';

const NAMES = 1_000;
const AT_ONCE = 8;
const MIB = 1n << 20n;
const SIZE = 8n * MIB;

/** What the callers of a name ask for: all the same, or each something else. */
type Kind = 'same' | 'same clone' | 'sizes' | 'places' | 'clones';

function kindOf(index: number): Kind {
  if (index % 25 === 0) return 'same clone';
  if (index % 25 === 1) return 'clones';
  return (['same', 'sizes', 'same', 'places'] as const)[index % 4] as Kind;
}

const isSame = (kind: Kind) => kind.startsWith('same');

t.test('two and three controllers race on 1,000 equal names: one image a name', async (t) => {
  const ceph = await startCeph();
  const otherPool = await ceph.freshPool();
  const fleet = await Fleet.start(ceph, 3);
  const source = await create(fleet.at(0), 'source', { sizeBytes: SIZE });

  const wishOf = (kind: Kind, racer: number): Wishes => {
    const sizeBytes = SIZE + BigInt(racer) * MIB;
    switch (kind) {
      case 'same':
        return { sizeBytes: SIZE };
      case 'sizes':
        return { sizeBytes };
      case 'places':
        return { sizeBytes: SIZE, parameters: racer === 1 ? { pool: otherPool } : {} };
      case 'same clone':
        return { sizeBytes: SIZE, source: fromVolume(source) };
      case 'clones':
        return { sizeBytes, source: fromVolume(source) };
    }
  };
  /** The ids that were answered, and the sizes that belong to them. */
  const made = new Map<string, bigint>();
  const wrong: unknown[] = [];

  await atOnce(AT_ONCE, Array.from({ length: NAMES }), async (_, index) => {
    const kind = kindOf(index);
    // Every second name is raced for by all three, the others by two of them in turn.
    const racers = index % 2 === 0 ? [0, 1, 2] : [0, 1, 2].filter((n) => n !== index % 3);
    const calls = racers.map(
      (racer) =>
        (plugin = fleet.at(racer)) =>
          create(plugin, `name-${index}`, wishOf(kind, racer)),
    );
    const first = await Promise.all(calls.map((call) => answerOf(call)));
    // Who was overtaken sends the same again, as an orchestrator does.
    const last = await Promise.all(
      first.map((answer, n) =>
        isUnknown(answer)
          ? fleet.settled(racers[n] ?? 0, calls[n] as NonNullable<(typeof calls)[0]>)
          : answer,
      ),
    );
    const winners = last.flatMap(({ code, value }, n) =>
      code === 'OK' ? [{ id: value ?? '', ...wishOf(kind, racers[n] ?? 0) }] : [],
    );
    const others = last.filter(({ code }) => code !== 'OK' && code !== 'ALREADY_EXISTS');
    const ids = new Set(winners.map(({ id }) => id));
    // Two images for a name would come out as two ids, or as two that won with different wishes: the
    // pools differ for some names, so that both images could be there.
    const wishes = new Set(
      winners.map(({ sizeBytes, parameters }) => `${sizeBytes} ${parameters?.pool}`),
    );
    const allWon = winners.length === racers.length;
    if (others.length > 0 || ids.size !== 1 || wishes.size !== 1 || (isSame(kind) && !allWon))
      wrong.push({ index, kind, codes: last.map(({ code, message }) => `${code} ${message}`) });
    const [winner] = winners;
    if (winner !== undefined) made.set(winner.id, winner.sizeBytes ?? 0n);
  });
  t.same(wrong, [], 'every name has one volume, as it was asked for');
  t.equal(made.size, NAMES);

  // A volume that was answered and is lost is missing here, one that nobody was told of is too much, and one that
  // another creation was taken for has the wrong size.
  made.set(source, SIZE);
  for (const plugin of fleet.alive) {
    const { entries } = await plugin.controller.listVolumes({});
    const there = new Map(
      entries.map(({ volume }) => [volume?.volumeId ?? '', volume?.capacityBytes ?? 0n]),
    );
    t.same([...there].sort(), [...made].sort(), 'each controller lists what was answered');
  }
  // An image that no listing shows is in the pool all the same.
  const inCeph = await Promise.all(
    [ceph.pool, otherPool].map(async (pool) =>
      (await ceph.rbd('ls', pool))
        .split('\n')
        .filter(Boolean)
        .map((name) => `${ceph.name}/${pool}/${name}`),
    ),
  );
  t.same(inCeph.flat().sort(), [...made.keys()].sort(), 'and Ceph has no other image');

  const ids = [...made.keys()];
  const refused: unknown[] = [];
  await atOnce(AT_ONCE, ids, async (volumeId, index) => {
    const racers = index % 3 === 0 ? [0, 1] : [index % 3];
    const answers = await Promise.all(
      racers.map((racer) =>
        fleet.settled(racer, (plugin) => plugin.controller.deleteVolume({ volumeId })),
      ),
    );
    for (const { code, message } of answers) if (code !== 'OK') refused.push({ code, message });
  });
  t.same(refused, [], 'all are deleted');
  // What a creation left behind that lost is an image, a helper snapshot, a tombstone or an entry that stays.
  t.same(await whatIsLeft(ceph, fleet.at(0).folder, [otherPool]), NOTHING);
  t.same((await fleet.at(0).admin.examine({})).findings, [], 'a doctor finds nothing');
  t.same(fleet.unforeseen, []);
  t.same(await fleet.stop(), [0, 0, 0]);
});
