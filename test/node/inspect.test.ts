import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import type { NodeContext } from '../../src/node/context.js';
import type { Device, Mapper, Mapping } from '../../src/node/device/device.js';
import { inspect, volumeAt } from '../../src/node/inspect.js';
import { Records, type StageRecord } from '../../src/node/records.js';
import { VacatedRecords } from '../../src/node/vacated-records.js';
import { plainEffect } from '../../src/volume/effects.js';

const VOLUME = 'ceph/rbd/data';
/** A number that no device of the kernel's has. */
const DEVICE: Device = { path: '/dev/loop-none', number: '7:999999', readonly: false };

const RECORD: StageRecord = {
  ...{ version: 1, volumeId: VOLUME, stagingPath: '/csi/staging/data', imageId: 'abc123' },
  ...{ mapper: 'fuse', state: 'staged' },
  capability: {
    access: { kind: 'mount', fsType: 'ext4', mountFlags: [] },
    mode: 'SINGLE_NODE_WRITER',
  },
  targets: [
    {
      ...{ path: '/csi/target/data', readonly: true },
      capability: {
        access: { kind: 'mount', fsType: 'ext4', mountFlags: [] },
        mode: 'SINGLE_NODE_WRITER',
      },
    },
  ],
};

const down = async (): Promise<never> => {
  throw new Error('it does not answer');
};

/** A node that remembers one staging, and whose only mapper says these. */
async function open(t: Test, mapper: Partial<Mapper> = {}): Promise<NodeContext> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'pannier-inspect-')));
  t.teardown(() => rm(folder, { recursive: true }));
  const log = pino({ level: 'silent' });
  const records = new Records(folder, log);
  await records.mustBeWritable();
  await records.write(RECORD);
  const whole = { name: 'fuse', find: async () => undefined, sizeOf: async () => 1n, ...mapper };
  return {
    ...{ nodeId: 'node-1', records, log, effect: plainEffect },
    ...{ died: new Map(), vacated: new VacatedRecords(folder) },
    mappers: [whole as Mapper],
    clusters: undefined as unknown as NodeContext['clusters'],
    chooseMapper: down,
  };
}

t.test('what a node remembers, and does not have', async (t) => {
  const found = await inspect(await open(t), 'node-1', VOLUME);
  t.match(found, {
    ...{ volumeId: VOLUME, nodeId: 'node-1', hostname: hostname(), mapping: undefined },
    stagings: [
      {
        ...{ path: '/csi/staging/data', state: 'staged', imageId: 'abc123' },
        ...{ mode: 'SINGLE_NODE_WRITER', access: 'mount', mount: undefined },
        targets: [{ path: '/csi/target/data', readonly: true, mount: undefined }],
      },
    ],
    ...{ unknownPaths: [], fileSystem: undefined, holders: [], gaps: [] },
  });
  const other = await inspect(await open(t), 'node-1', 'ceph/rbd/other');
  t.match(other, { stagings: [], mapping: undefined, gaps: [] });
});

t.test('a mapping that cannot be read is a gap, and the rest is told', async (t) => {
  const found = await inspect(await open(t, { find: down }), 'node-1', VOLUME);
  t.same(found.gaps, [{ part: 'mapping', problem: 'it does not answer' }]);
  t.equal(found.mapping, undefined);
  t.match(found.stagings, [{ path: '/csi/staging/data' }]);
});

t.test('records that cannot be read are a gap, and the mapping is told', async (t) => {
  const mapping: Mapping = { devices: [DEVICE], alive: false };
  const context = await open(t, { find: async () => mapping });
  const records = { ofVolume: down } as unknown as Records;
  const found = await inspect({ ...context, records }, 'node-1', VOLUME);
  t.match(found.gaps, [{ part: 'stagings' }]);
  t.match(found.mapping, { mapper: 'fuse', alive: false });
});

t.test(
  'a device that does not tell its size, and one that died, are told all the same',
  async (t) => {
    const mapping: Mapping = { devices: [DEVICE], alive: true };
    const context = await open(t, { find: async () => mapping, sizeOf: down });
    const { mapping: found, gaps } = await inspect(context, 'node-1', VOLUME);
    t.same(found?.devices, [{ path: DEVICE.path, readonly: false, sizeBytes: undefined }]);
    t.same(gaps, []);
  },
);

t.test('the volume at a path is the one that was staged or published there', async (t) => {
  const context = await open(t);
  for (const path of ['/csi/staging/data', '/csi/target/data', '/csi/target/../target/data'])
    t.equal(await volumeAt(context, path), VOLUME, path);
  for (const path of ['/csi/target', '/csi/target/data/inner', '/'])
    t.equal(await volumeAt(context, path), undefined, path);
});
