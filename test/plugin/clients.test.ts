import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { CallError, type Connection, connect } from '../../src/csi/wire/client.js';
import {
  Controller,
  VolumeCapability_AccessMode_Mode as Mode,
} from '../../src/proto/csi/v1/csi_pb.js';
import type { EffectName } from '../../src/volume/effects.js';
import { CLUSTER, type LabCeph, startCeph } from '../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { codeOf, type LabPlugin, startPlugin } from '../lab/plugin.js';

const MIB = 1n << 20n;
const CLIENTS = 8;
const ROUNDS = 4;

const CAPABILITY = {
  accessMode: { mode: Mode.SINGLE_NODE_WRITER },
  accessType: { case: 'block' as const, value: {} },
};

/** What a call answered: its code, and the volume's size where that is OK. */
interface Answer {
  readonly code: string;
  readonly volumeId: string;
  readonly bytes: bigint;
  readonly message: string;
}

/** One orchestrator with a connection of its own. */
class Client {
  readonly #connection: Connection;

  constructor(plugin: LabPlugin) {
    this.#connection = connect(plugin.endpoint);
    t.teardown(() => this.#connection.close());
  }

  create(name: string, bytes: bigint): Promise<Answer> {
    return answered(async () => {
      const { volume } = await this.#controller.createVolume({
        name,
        capacityRange: { requiredBytes: bytes, limitBytes: bytes },
        volumeCapabilities: [CAPABILITY],
      });
      return { volumeId: volume?.volumeId ?? '', bytes: volume?.capacityBytes ?? 0n };
    });
  }

  expand(volumeId: string, bytes: bigint): Promise<Answer> {
    return answered(async () => {
      const capacityRange = { requiredBytes: bytes };
      const done = await this.#controller.controllerExpandVolume({ volumeId, capacityRange });
      return { volumeId, bytes: done.capacityBytes };
    });
  }

  delete(volumeId: string): Promise<Answer> {
    return answered(async () => {
      await this.#controller.deleteVolume({ volumeId });
      return { volumeId, bytes: 0n };
    });
  }

  get(volumeId: string): Promise<Answer> {
    return answered(async () => {
      const { volume } = await this.#controller.controllerGetVolume({ volumeId });
      return { volumeId, bytes: volume?.capacityBytes ?? 0n };
    });
  }

  get #controller() {
    return this.#connection.service(Controller);
  }
}

async function answered(call: () => Promise<Pick<Answer, 'volumeId' | 'bytes'>>): Promise<Answer> {
  try {
    return { code: 'OK', message: '', ...(await call()) };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return { code: error.code, message: error.message, volumeId: '', bytes: 0n };
  }
}

/** The size that Ceph itself gives an image. */
async function sizeInCeph(ceph: LabCeph, volumeId: string): Promise<bigint> {
  const spec = volumeId.slice(CLUSTER.length + 1);
  const { size } = JSON.parse(await ceph.rbd('info', '--format', 'json', spec)) as { size: number };
  return BigInt(size);
}

/** How often each of the plugin's outside effects was done so far. */
function effectsOf(plugin: LabPlugin): Map<EffectName, number> {
  const counts = new Map<EffectName, number>();
  for (const { effect } of plugin.log)
    if (typeof effect === 'string')
      counts.set(effect as EffectName, (counts.get(effect as EffectName) ?? 0) + 1);
  return counts;
}

/** Has calls reach a plugin in one piece, in their order, so that they overlap for certain. */
async function atOnce<T>(plugin: LabPlugin, calls: () => Promise<T>): Promise<T> {
  process.kill(plugin.pid, 'SIGSTOP');
  const answers = calls();
  await sleep(300);
  process.kill(plugin.pid, 'SIGCONT');
  return answers;
}

for (const controllers of [1, 2])
  t.test(
    `8 clients of ${controllers} controller(s) on the same and different names: every OK is true`,
    async (t) => {
      const ceph = await startCeph();
      const plugins: LabPlugin[] = [];
      for (let n = 0; n < controllers; n++)
        plugins.push(await startPlugin({ clusters: [ceph.settings], mode: 'controller' }));
      const clients = Array.from(
        { length: CLIENTS },
        (_, n) => new Client(plugins[n % controllers] as LabPlugin),
      );
      const first = clients[0] as Client;
      const everyone = (call: (client: Client, n: number) => Promise<Answer>) =>
        Promise.all(clients.map(call));

      /** No call may fail in a way that its caller has not earned, and none without a word of what to do. */
      const only = (what: string, answers: readonly Answer[], ...codes: string[]) => {
        const others = answers.filter(({ code }) => code !== 'OK' && !codes.includes(code));
        t.same(others, [], `${what}: no other code than OK ${codes.join(' ')}`);
      };
      // Two controllers do not see each other's calls: one may be told that it was overtaken.
      const overtaken = controllers > 1 ? ['UNAVAILABLE'] : [];

      async function sameName(name: string): Promise<void> {
        const size = 16n * MIB;
        const created = await everyone((client) => client.create(name, size));
        only('the same creation', created, ...overtaken);
        const made = created.filter(({ code }) => code === 'OK');
        const volumeId = made[0]?.volumeId ?? '';
        t.ok(made.length > 0);
        for (const answer of made) t.match(answer, { volumeId, bytes: size });
        t.match(await first.get(volumeId), { code: 'OK', bytes: size });

        const grown = await everyone((client, n) =>
          client.expand(volumeId, size + BigInt(n + 1) * MIB),
        );
        only('expansions to different sizes', grown);
        for (const [n, { bytes }] of grown.entries()) t.ok(bytes >= size + BigInt(n + 1) * MIB);
        const largest = size + BigInt(CLIENTS) * MIB;
        t.match(await first.get(volumeId), { code: 'OK', bytes: largest }, 'none was lost');

        const mixed = await everyone((client, n) =>
          n % 4 === 3
            ? client.delete(volumeId)
            : client.expand(volumeId, largest + BigInt(n) * MIB),
        );
        const deletions = mixed.filter((_, n) => n % 4 === 3);
        const expansions = mixed.filter((_, n) => n % 4 !== 3);
        // Another controller's deletion may be seen under way.
        const late = controllers > 1 ? ['FAILED_PRECONDITION'] : [];
        only('expansions while it is deleted', expansions, 'NOT_FOUND', ...late);
        // An image that another controller is growing has a client.
        only('deletions', deletions, ...overtaken, ...late);
        const left = await first.get(volumeId);
        if (deletions.some(({ code }) => code === 'OK'))
          t.equal(left.code, 'NOT_FOUND', 'it is gone');
        else
          for (const { code, bytes } of expansions)
            if (code === 'OK') t.ok(left.bytes >= bytes, 'it is as large as was answered');
        only('the last deletion', [await first.delete(volumeId)]);
      }

      async function differentWishes(name: string): Promise<void> {
        const created = await everyone((client, n) =>
          client.create(name, BigInt(n + 1) * 8n * MIB),
        );
        only('creations of different sizes', created, 'ALREADY_EXISTS', ...overtaken);
        const made = created.filter(({ code }) => code === 'OK');
        t.equal(made.length, 1, 'one has the name');
        const { volumeId = '', bytes = 0n } = made[0] ?? {};
        t.match(await first.get(volumeId), { code: 'OK', bytes });
        for (const { code, message } of created)
          if (code === 'ALREADY_EXISTS')
            t.ok(message.includes(volumeId) && message.includes(`"${name}"`), 'which it is');

        const mixed = await everyone((client, n) =>
          n % 2 === 0 ? client.delete(volumeId) : client.create(name, bytes),
        );
        only(
          'deletions',
          mixed.filter((_, n) => n % 2 === 0),
          ...overtaken,
        );
        only(
          'creations',
          mixed.filter((_, n) => n % 2 === 1),
          ...overtaken,
          // The other controller's deletion is pending.
          ...(controllers > 1 ? ['ABORTED'] : []),
        );
        const left = await first.get(volumeId);
        only('what is left', [left], 'NOT_FOUND');
        t.match(await first.create(name, left.code === 'OK' ? left.bytes : 5n * MIB), {
          code: 'OK',
        });
        only('the last deletion', [await first.delete(volumeId)]);
      }

      async function ownName(client: Client, name: string): Promise<void> {
        const created = await client.create(name, 8n * MIB);
        t.match(created, { code: 'OK', bytes: 8n * MIB });
        const { volumeId } = created;
        t.match(await client.create(name, 9n * MIB), { code: 'ALREADY_EXISTS' });
        t.match(await client.expand(volumeId, 10n * MIB + 1n), {
          code: 'OK',
          bytes: 10n * MIB + 1n,
        });
        t.match(await client.get(volumeId), { code: 'OK', bytes: 10n * MIB + 1n });
        t.equal(await sizeInCeph(ceph, volumeId), 10n * MIB + 1n);
        t.match(await client.delete(volumeId), { code: 'OK' });
        t.match(await client.delete(volumeId), { code: 'OK' });
        t.match(await client.get(volumeId), { code: 'NOT_FOUND' });
        t.match(await client.expand(volumeId, 11n * MIB), { code: 'NOT_FOUND' });
      }

      for (let round = 0; round < ROUNDS; round++)
        await Promise.all([
          sameName(`same-${round % 2}`),
          differentWishes('wishes'),
          ...clients.map((client, n) => ownName(client, `own-${n}`)),
        ]);

      for (const plugin of plugins) {
        const unforeseen = plugin.log.filter(({ code }) =>
          ['INTERNAL', 'UNKNOWN'].includes(`${code}`),
        );
        t.same(unforeseen, []);
        t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
      }
    },
  );

t.test('identical calls that overlap are executed once, and all get its answer', async (t) => {
  const ceph = await startCeph();
  const plugin = await startPlugin({ clusters: [ceph.settings], mode: 'controller' });
  const clients = Array.from({ length: CLIENTS }, () => new Client(plugin));
  const [one] = clients as [Client];
  await Promise.all(clients.map((client) => client.get(`${CLUSTER}/${ceph.pool}/none`)));

  const created = await atOnce(plugin, () =>
    Promise.all(clients.map((client) => client.create('shared', 8n * MIB))),
  );
  const { volumeId } = created[0] as Answer;
  for (const answer of created) t.match(answer, { code: 'OK', volumeId, bytes: 8n * MIB });
  const effects = effectsOf(plugin);
  for (const effect of ['claim-name', 'create-image', 'write-record', 'commit-name'] as const)
    t.equal(effects.get(`create/${effect}`), 1, effect);

  // Were the second creation executed by itself, it would come after the deletion, and the volume be there.
  await one.delete(volumeId);
  const codes = await atOnce(plugin, () =>
    Promise.all([
      one.create('shared', 8n * MIB),
      one.delete(volumeId),
      one.create('shared', 8n * MIB),
    ]),
  );
  t.same(
    codes.map(({ code }) => code),
    ['OK', 'OK', 'OK'],
  );
  t.match(await one.get(volumeId), { code: 'NOT_FOUND' });
  t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
});

t.test('calls for one volume wait for each other, and others pass them', async (t) => {
  const ceph = await startCeph();
  const plugin = await startPlugin({ clusters: [ceph.settings], mode: 'controller' });
  const client = new Client(plugin);
  const { volumeId } = await client.create('line', 8n * MIB);
  await client.delete(volumeId);
  const before = plugin.log.length;
  const answers = await atOnce(plugin, () =>
    Promise.all([
      client.create('line', 8n * MIB),
      client.expand(volumeId, 9n * MIB),
      client.create('line', 8n * MIB + 1n),
      client.delete(volumeId),
      client.expand(volumeId, 10n * MIB),
      client.create('line', 11n * MIB),
    ]),
  );
  t.same(
    answers.map(({ code }) => code),
    ['OK', 'OK', 'ALREADY_EXISTS', 'OK', 'NOT_FOUND', 'OK'],
    'in the order in which they came',
  );
  const done = plugin.log
    .slice(before)
    .map(({ effect }) => effect)
    .filter((effect) => /^(create\/create|expand\/grow|delete\/trash)-image$/.test(`${effect}`));
  t.same(done, [
    'create/create-image',
    'expand/grow-image',
    'delete/trash-image',
    'create/create-image',
  ]);
  t.match(await client.get(volumeId), { code: 'OK', bytes: 11n * MIB });

  const order: string[] = [];
  const note = (what: string, call: Promise<unknown>) => call.finally(() => order.push(what));
  await atOnce(plugin, () =>
    Promise.all([
      note('first', client.expand(volumeId, 12n * MIB)),
      note('second', client.expand(volumeId, 13n * MIB)),
      note('third', client.expand(volumeId, 14n * MIB)),
      note('other', client.get(volumeId)),
    ]),
  );
  t.same(
    order.filter((what) => what !== 'other'),
    ['first', 'second', 'third'],
  );
  t.not(order.at(-1), 'other', 'what only reads waits for nothing');
  t.equal(await codeOf(plugin.controller.deleteVolume({ volumeId })), 'OK');
  t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
});
