import t from 'tap';
import type { Volume } from '../../src/proto/csi/v1/csi_pb.js';
import { bytesOf, specOf, writeTo } from '../lab/bytes.js';
import { startCeph } from '../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { codeOf } from '../lab/plugin.js';
import { blockAs, createVolume, MIB, Plugins, refused } from '../plugin/refusal.js';

// What the CSI specification says of a volume's content source and csi-sanity does not try.

const SIZE = 16n * MIB;

const ceph = await startCeph();
const plugins = new Plugins();
const plugin = await plugins.start({ clusters: [ceph.settings], mode: 'controller' });
const { controller } = plugin;

type Kind = 'snapshot' | 'volume';
const KINDS: readonly Kind[] = ['snapshot', 'volume'];

/** What a test makes volumes from: a volume with data, and its snapshot. */
const base = await createVolume(plugin, 'base', SIZE);
await writeTo(ceph, base, 3);
const bytes = await bytesOf(ceph, base);
const taken = await controller.createSnapshot({ name: 'base', sourceVolumeId: base });
const snapshot = taken.snapshot?.snapshotId ?? '';
const other = await createVolume(plugin, 'other', SIZE);

function sourceOf(kind: Kind, id = kind === 'snapshot' ? snapshot : base) {
  return {
    volumeContentSource:
      kind === 'snapshot'
        ? { type: { case: 'snapshot' as const, value: { snapshotId: id } } }
        : { type: { case: 'volume' as const, value: { volumeId: id } } },
  };
}

interface Wish {
  readonly required?: bigint;
  readonly limit?: bigint;
  readonly parameters?: Record<string, string>;
  readonly id?: string;
}

async function make(name: string, kind: Kind, wish: Wish = {}): Promise<Volume> {
  const { volume } = await controller.createVolume({
    name,
    capacityRange: { requiredBytes: wish.required ?? 0n, limitBytes: wish.limit ?? 0n },
    volumeCapabilities: [blockAs()],
    parameters: wish.parameters ?? {},
    ...sourceOf(kind, wish.id),
  });
  if (volume === undefined) throw new Error('CreateVolume answered no volume');
  return volume;
}

const drop = (volumeId: string) => controller.deleteVolume({ volumeId });

for (const kind of KINDS) {
  t.test(
    `CreateVolume from a ${kind}: the source is echoed, and the bytes are its own`,
    async (t) => {
      const made = await make(`echo-${kind}`, kind);
      t.match(made, { capacityBytes: SIZE, contentSource: sourceOf(kind).volumeContentSource });
      t.equal(await bytesOf(ceph, made.volumeId), bytes);
      const { volumeId } = made;
      t.same((await controller.controllerGetVolume({ volumeId })).volume, made);
      const { entries } = await controller.listVolumes({});
      t.same(
        entries.map(({ volume }) => volume).find((volume) => volume?.volumeId === volumeId),
        made,
      );
      t.same(await make(`echo-${kind}`, kind), made, 'asked for again, it is the same volume');
      await writeTo(ceph, volumeId, 1);
      t.equal(await bytesOf(ceph, base), bytes, 'the source is not written by it');
      await drop(volumeId);
    },
  );

  t.test(
    `CreateVolume from a ${kind}: the name with another source is ALREADY_EXISTS`,
    async (t) => {
      const { volumeId } = await make(`name-${kind}`, kind);
      const elsewhere = KINDS.find((one) => one !== kind) ?? kind;
      await refused(
        t,
        make(`name-${kind}`, elsewhere),
        'ALREADY_EXISTS',
        volumeId,
        'content source',
      );
      await refused(
        t,
        make(`name-${kind}`, 'volume', { id: other }),
        'ALREADY_EXISTS',
        'content source',
      );
      await refused(t, createVolume(plugin, `name-${kind}`, SIZE), 'ALREADY_EXISTS', 'source');
      const plain = await createVolume(plugin, `plain-${kind}`, SIZE);
      await refused(t, make(`plain-${kind}`, kind), 'ALREADY_EXISTS', plain, 'no content source');
      t.equal(await bytesOf(ceph, volumeId), bytes);
      await drop(volumeId);
      await drop(plain);
    },
  );

  t.test(
    `CreateVolume from a ${kind}: sizes are exact, and never below the source's`,
    async (t) => {
      const name = `size-${kind}`;
      const problem = [`${SIZE}`, 'capacity_range'];
      await refused(t, make(name, kind, { required: SIZE - 1n }), 'OUT_OF_RANGE', ...problem);
      await refused(t, make(name, kind, { limit: SIZE - 1n }), 'OUT_OF_RANGE', ...problem);
      await refused(
        t,
        make(name, kind, { required: 1n, limit: SIZE - 1n }),
        'OUT_OF_RANGE',
        ...problem,
      );
      const exact = 2n * SIZE + 512n;
      const made = await make(name, kind, { required: exact, limit: exact });
      t.equal(made.capacityBytes, exact);
      t.equal(Number(JSON.parse(await info(made.volumeId)).size), Number(exact));
      await refused(t, make(name, kind, { required: exact + 1n }), 'ALREADY_EXISTS', `${exact}`);
      await drop(made.volumeId);
      const within = await make(name, kind, { required: 0n, limit: 4n * SIZE });
      t.equal(within.capacityBytes, SIZE, 'as large as the source where only a limit is given');
      await drop(within.volumeId);
    },
  );

  t.test(`CreateVolume from a ${kind}: one that is missing is NOT_FOUND`, async (t) => {
    const absent =
      kind === 'volume'
        ? `${ceph.name}/${ceph.pool}/pannier-absent`
        : `${snapshot.slice(0, -6)}aaaaaa`;
    for (const id of [absent, 'not-a-handle', kind === 'volume' ? snapshot : base])
      await refused(t, make(`missing-${kind}`, kind, { id }), 'NOT_FOUND', `"${id}"`);
    const { volumeId } = await make(`missing-${kind}`, kind);
    t.equal(await bytesOf(ceph, volumeId), bytes, 'the name is free for a right one');
    await drop(volumeId);
  });

  t.test(`CreateVolume from a ${kind}: the volume is found when its source is gone`, async (t) => {
    const from = await createVolume(plugin, `source-${kind}`, SIZE);
    await writeTo(ceph, from, 2);
    const mine = await bytesOf(ceph, from);
    const shot = await controller.createSnapshot({ name: `source-${kind}`, sourceVolumeId: from });
    const snapshotId = shot.snapshot?.snapshotId ?? '';
    const id = kind === 'volume' ? from : snapshotId;
    const made = await make(`orphan-${kind}`, kind, { id });
    await controller.deleteSnapshot({ snapshotId });
    await drop(from);
    t.same(await make(`orphan-${kind}`, kind, { id }), made);
    t.equal(await bytesOf(ceph, made.volumeId), mine);
    await refused(t, make(`late-${kind}`, kind, { id }), 'NOT_FOUND', `"${id}"`);
    await drop(made.volumeId);
  });

  t.test(`CreateVolume from a ${kind}: elsewhere, and laid out in another way`, async (t) => {
    const pool = await ceph.freshPool();
    const dataPool = await ceph.freshPool();
    await ceph.rbd('namespace', 'create', `${pool}/team`);
    const wishes: Record<string, string>[] = [
      { pool },
      { pool, namespace: 'team' },
      { dataPool },
      { objectSize: '1MiB' },
      { objectSize: '8MiB', imageFeatures: 'layering,exclusive-lock,object-map,fast-diff' },
      { imageFeatures: 'layering' },
    ];
    for (const [index, parameters] of wishes.entries()) {
      const name = `elsewhere-${kind}-${index}`;
      const { volumeId } = await make(name, kind, { parameters, required: SIZE + MIB });
      const shown = JSON.parse(await info(volumeId));
      const { imageFeatures, objectSize } = parameters;
      t.equal(volumeId.split('/').length, parameters.namespace === undefined ? 3 : 4);
      t.equal(volumeId.split('/')[1], parameters.pool ?? ceph.pool);
      t.equal(shown.data_pool, parameters.dataPool);
      t.equal(shown.object_size, Number((objectSize ?? '4MiB').slice(0, 1)) << 20);
      // What a clone of format 2 is known by among its operations.
      if (imageFeatures !== undefined)
        t.same(shown.features, [...imageFeatures.split(','), 'operations']);
      t.equal(await bytesUpTo(volumeId, SIZE), bytes, JSON.stringify(parameters));
      await refused(
        t,
        make(name, kind, { required: SIZE + MIB }),
        'ALREADY_EXISTS',
        parameters.pool === undefined ? 'parameters' : 'another place',
      );
      await drop(volumeId);
    }
    await settled(pool);
  });
}

function info(volumeId: string): Promise<string> {
  return ceph.rbd('info', '--format', 'json', specOf(volumeId));
}

/** The SHA-256 of the first bytes of a volume that is larger. */
async function bytesUpTo(volumeId: string, size: bigint): Promise<string> {
  await ceph.rbd(
    'resize',
    '--no-progress',
    '--allow-shrink',
    '--size',
    `${size}B`,
    specOf(volumeId),
  );
  return bytesOf(ceph, volumeId);
}

/** Waits until a pool holds nothing more of volumes. */
async function settled(pool: string): Promise<void> {
  const empty = async () =>
    (await ceph.rbd('ls', pool)) === '' && (await ceph.rbd('trash', 'ls', '--all', pool)) === '';
  while (!(await empty())) await new Promise((resolve) => setTimeout(resolve, 200));
}

t.test('nothing is left of any of it', async (t) => {
  t.equal(await codeOf(controller.deleteSnapshot({ snapshotId: snapshot })), 'OK');
  for (const volumeId of [base, other]) t.equal(await codeOf(drop(volumeId)), 'OK');
  t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
  t.same(plugins.unforeseen(), []);
});
