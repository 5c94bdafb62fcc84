import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { CallError, connect } from '../../src/csi/wire/client.js';
import { Controller } from '../../src/proto/csi/v1/csi_pb.js';
import { bytesOf, writeTo } from '../lab/bytes.js';
import { type LabCeph, startCeph } from '../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { codeOf, type LabPlugin, startPlugin } from '../lab/plugin.js';
import { blockAs, createVolume, MIB } from './refusal.js';

const SIZE = 16n * MIB;
/** A call in a full pool that waits for room would wait for ever. */
const LIMIT_MS = 60_000;

/** A way to have no room. */
interface Full {
  readonly name: string;
  readonly parameters: Record<string, string>;
  begin(): Promise<void>;
  end(): Promise<void>;
}

const ceph = await startCeph({ own: true });
const dataPool = await ceph.freshPool();

const quota = (pool: string, what: string, most: string) =>
  ceph.ceph('osd', 'pool', 'set-quota', pool, what, most);

async function ratios(full: number): Promise<void> {
  const steps = [
    ['full', full],
    ['backfillfull', full * 0.9],
    ['nearfull', full * 0.8],
  ] as const;
  for (const [name, ratio] of steps) await ceph.ceph('osd', `set-${name}-ratio`, `${ratio}`);
}

const WAYS: readonly Full[] = [
  {
    name: 'a quota of objects',
    parameters: {},
    begin: async () => void (await quota(ceph.pool, 'max_objects', '1')),
    end: async () => void (await quota(ceph.pool, 'max_objects', '0')),
  },
  {
    name: 'a quota of bytes in the data pool',
    parameters: { dataPool },
    begin: async () => void (await quota(dataPool, 'max_bytes', '4096')),
    end: async () => void (await quota(dataPool, 'max_bytes', '0')),
  },
  {
    name: 'a full OSD',
    parameters: {},
    begin: () => ratios(0.001),
    end: () => ratios(0.95),
  },
];

/** What a call answered that may find no room, by its code. */
async function room(t: Test, what: string, call: Promise<unknown>): Promise<boolean> {
  const error: unknown = await call.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error === undefined) return true;
  if (!(error instanceof CallError)) throw error;
  t.equal(error.code, 'RESOURCE_EXHAUSTED', what);
  t.match(error.message, /cluster "ceph" has no room: .*\. Add OSDs, raise the quota/);
  return false;
}

async function seen(lab: LabCeph, isFull: boolean): Promise<void> {
  const full = async () => /POOL_FULL|OSD_FULL/.test(await lab.ceph('health', 'detail'));
  while ((await full()) !== isFull) await sleep(200);
}

async function tryAll(t: Test, plugin: LabPlugin, way: Full): Promise<void> {
  const connection = connect(plugin.endpoint, { limitMs: LIMIT_MS });
  const controller = connection.service(Controller);
  const { parameters } = way;
  const snap = async (name: string, sourceVolumeId: string) =>
    (await controller.createSnapshot({ name, sourceVolumeId })).snapshot?.snapshotId ?? '';
  const make = async (
    name: string,
    value: { snapshotId: string } | { volumeId: string },
  ): Promise<string> => {
    const type =
      'snapshotId' in value
        ? ({ case: 'snapshot', value } as const)
        : ({ case: 'volume', value } as const);
    const { volume } = await controller.createVolume({
      ...{ name, parameters, volumeCapabilities: [blockAs()], volumeContentSource: { type } },
      capacityRange: { requiredBytes: SIZE },
    });
    return volume?.volumeId ?? '';
  };
  const volume = await createVolume(plugin, 'there', SIZE, { parameters });
  await writeTo(ceph, volume, 2);
  const snapshotId = await snap('there', volume);
  const clone = await make('clone', { snapshotId });
  await writeTo(ceph, clone, 1);
  const bytes = await bytesOf(ceph, snapshotId);
  const buried = await createVolume(plugin, 'buried', SIZE, { parameters });
  await writeTo(ceph, buried, 1);
  const last = await snap('buried', buried);
  await controller.deleteVolume({ volumeId: buried });

  await way.begin();
  await seen(ceph, true);
  try {
    const tries = ['snapshot', 'restore', 'copy'].map((name) => `${name}-in-full`);
    const [shot = '', restored = '', copy = ''] = tries;
    const found: [string, Promise<unknown>][] = [
      ['CreateSnapshot', snap(shot, volume)],
      ['restore', make(restored, { snapshotId })],
      ['clone', make(copy, { volumeId: volume })],
    ];
    const outcomes = await Promise.all(
      found.map(
        async ([what, call]) => `${what}: ${(await room(t, what, call)) ? 'OK' : 'no room'}`,
      ),
    );
    t.comment(outcomes.join(', '));
    const { entries } = await controller.listVolumes({});
    const { entries: snapshots } = await controller.listSnapshots({});
    t.equal(await bytesOf(ceph, snapshotId), bytes);
    for (const { volume } of entries)
      t.equal(
        await codeOf(controller.deleteVolume({ volumeId: volume?.volumeId ?? '' })),
        'OK',
        `DeleteVolume of ${volume?.volumeId}`,
      );
    const ids = snapshots.map(({ snapshot }) => snapshot?.snapshotId ?? '');
    t.ok(ids.includes(last));
    for (const id of ids)
      t.equal(await codeOf(controller.deleteSnapshot({ snapshotId: id })), 'OK', 'DeleteSnapshot');
    t.same(await whatIsLeft(ceph, plugin.folder), NOTHING, 'and their space is freed');
  } finally {
    await way.end();
  }
  await seen(ceph, false);
  connection.close();
}

for (const way of WAYS)
  t.test(`${way.name}: nothing waits for room, and deleting works`, async (t) => {
    const plugin = await startPlugin({ clusters: [ceph.settings], mode: 'controller' });
    await tryAll(t, plugin, way);
    for (;;) {
      const again = createVolume(plugin, 'again', SIZE, { parameters: way.parameters });
      if (await room(t, 'a moment later', again)) break;
    }
    await plugin.controller.deleteVolume({ volumeId: `${ceph.name}/${ceph.pool}/${await only()}` });
    t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
    t.same(
      plugin.log.filter(({ code }) => code === 'INTERNAL'),
      [],
    );
    t.equal(await plugin.stop(), 0);
  });

async function only(): Promise<string> {
  return (await ceph.rbd('ls', ceph.pool)).trim();
}
