import { join } from 'node:path';
import { create, type DescField, type DescMethod, getOption } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import t from 'tap';
import { connect } from '../../src/csi/wire/client.js';
import {
  Controller,
  csi_secret,
  Identity,
  VolumeCapability_AccessMode_Mode as Mode,
  Node,
} from '../../src/proto/csi/v1/csi_pb.js';
import { PARAMETER_NAMES } from '../../src/volume/parameters.js';
import { startCeph } from '../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { codeOf } from '../lab/plugin.js';
import {
  allRefused,
  blockAs,
  createVolume,
  held,
  MIB,
  mountAs,
  Plugins,
  refused,
} from './refusal.js';

const ceph = await startCeph();
const plugins = new Plugins();
const plugin = await plugins.start({ clusters: [ceph.settings] });
const { controller, node, folder } = plugin;

const ABSENT = `${ceph.name}/${ceph.pool}/pannier-absent`;
const PATH = join(folder, 'nowhere', 'target');
const STAGING = join(folder, 'nowhere', 'staging');
const LARGEST = (1n << 63n) - 1n;

/** A complete request of each RPC, about a volume that is not there, and the fields that CSI calls REQUIRED. */
const REQUESTS: Record<string, readonly [Record<string, unknown>, ...string[]]> = {
  GetPluginInfo: [{}],
  GetPluginCapabilities: [{}],
  Probe: [{}],
  CreateVolume: [
    {
      name: 'complete',
      capacityRange: { requiredBytes: MIB },
      volumeCapabilities: [mountAs()],
      parameters: { pool: ceph.pool },
    },
    'name',
    'volume_capabilities',
  ],
  DeleteVolume: [{ volumeId: ABSENT }, 'volume_id'],
  ControllerPublishVolume: [
    { volumeId: ABSENT, nodeId: 'lab-node', volumeCapability: mountAs() },
    'volume_id',
    'node_id',
    'volume_capability',
  ],
  ControllerUnpublishVolume: [{ volumeId: ABSENT, nodeId: 'lab-node' }, 'volume_id'],
  ValidateVolumeCapabilities: [
    { volumeId: ABSENT, volumeCapabilities: [blockAs()] },
    'volume_id',
    'volume_capabilities',
  ],
  ListVolumes: [{ maxEntries: 1 }],
  GetCapacity: [{ volumeCapabilities: [mountAs()], parameters: { pool: ceph.pool } }],
  ControllerGetCapabilities: [{}],
  ControllerExpandVolume: [
    { volumeId: ABSENT, capacityRange: { requiredBytes: MIB }, volumeCapability: mountAs() },
    'volume_id',
    'capacity_range',
  ],
  ControllerGetVolume: [{ volumeId: ABSENT }, 'volume_id'],
  NodeStageVolume: [
    { volumeId: ABSENT, stagingTargetPath: STAGING, volumeCapability: mountAs() },
    'volume_id',
    'staging_target_path',
    'volume_capability',
  ],
  NodeUnstageVolume: [
    { volumeId: ABSENT, stagingTargetPath: STAGING },
    'volume_id',
    'staging_target_path',
  ],
  NodePublishVolume: [
    {
      volumeId: ABSENT,
      stagingTargetPath: STAGING,
      targetPath: PATH,
      volumeCapability: mountAs(),
    },
    'volume_id',
    'target_path',
    'volume_capability',
  ],
  NodeUnpublishVolume: [{ volumeId: ABSENT, targetPath: PATH }, 'volume_id', 'target_path'],
  NodeGetVolumeStats: [{ volumeId: ABSENT, volumePath: PATH }, 'volume_id', 'volume_path'],
  NodeExpandVolume: [
    {
      volumeId: ABSENT,
      volumePath: PATH,
      capacityRange: { requiredBytes: MIB },
      volumeCapability: mountAs(),
    },
    'volume_id',
    'volume_path',
  ],
  CreateSnapshot: [{ name: 'complete', sourceVolumeId: ABSENT }, 'name', 'source_volume_id'],
  DeleteSnapshot: [{ snapshotId: ABSENT }, 'snapshot_id'],
  ListSnapshots: [{}],
  GetSnapshot: [{ snapshotId: ABSENT }, 'snapshot_id'],
  NodeGetCapabilities: [{}],
  NodeGetInfo: [{}],
};

/** What this version does not offer, and does not tell callers that it does. */
const LATER = /Health$|ModifyVolume$/;

const connection = connect(plugin.endpoint);
t.teardown(() => connection.close());
const methods = [Identity, Controller, Node].flatMap((service) => service.methods);

function call(method: DescMethod, request: Record<string, unknown>): Promise<unknown> {
  const service = connection.service(method.parent) as unknown as Record<
    string,
    (request: Record<string, unknown>) => Promise<unknown>
  >;
  return (service[method.localName] as (request: unknown) => Promise<unknown>)(request);
}

/** The message of a complete request, to be changed by its fields' descriptors. */
function complete(method: DescMethod): { request: Record<string, unknown>; required: string[] } {
  const [request = {}, ...required] = REQUESTS[method.name] ?? [];
  return { request, required: required as string[] };
}

function without(request: Record<string, unknown>, { localName }: DescField) {
  return Object.fromEntries(Object.entries(request).filter(([key]) => key !== localName));
}

t.test('a field that CSI requires and that is missing is named, in every RPC', async (t) => {
  for (const method of methods) {
    if (LATER.test(method.name)) {
      await refused(t, call(method, {}), 'UNIMPLEMENTED');
      continue;
    }
    t.ok(method.name in REQUESTS, `${method.name} is in the table`);
    const { request, required } = complete(method);
    const known = reflect(method.input, create(method.input));
    const fields = known.fields.filter(({ localName }) => localName in request);
    t.same(
      required.filter((name) => !fields.some((field) => field.name === name)),
      [],
      `${method.name}: what is required is a field, and given`,
    );
    for (const field of fields) {
      const less = without(request, field);
      if (required.includes(field.name))
        await refused(t, call(method, less), 'INVALID_ARGUMENT', `${field.name} is missing`);
      else
        t.not(
          await codeOf(call(method, less)),
          'INVALID_ARGUMENT',
          `${field.name} may be left out`,
        );
    }
    t.not(await codeOf(call(method, request)), 'INVALID_ARGUMENT', `${method.name} when complete`);
  }
  await controller.deleteVolume({
    volumeId: await createVolume(plugin, 'complete', MIB, {
      parameters: { pool: ceph.pool },
    }),
  });
});

t.test('half a capability, and half of the credentials, are told by their place', async (t) => {
  for (const method of methods.filter(({ name }) => name in REQUESTS)) {
    const { request } = complete(method);
    for (const field of method.input.fields) {
      if (field.message?.name === 'VolumeCapability' && field.localName in request) {
        const list = field.fieldKind === 'list';
        const place = list ? `${field.name}[0]` : field.name;
        const with_ = (capability: unknown) => ({
          ...request,
          [field.localName]: list ? [capability] : capability,
        });
        const { accessMode, accessType } = mountAs();
        for (const [capability, problem] of [
          [{ accessMode }, `${place}.access_type is missing`],
          [{ accessType }, `${place}.access_mode.mode is missing`],
          [{ accessType, accessMode: {} }, `${place}.access_mode.mode is missing`],
          [{ accessType, accessMode: { mode: 99 } }, `${place}.access_mode.mode: 99`],
        ] as const)
          if (method.name === 'GetCapacity')
            t.match(await call(method, with_(capability)), { availableCapacity: 0n }, problem);
          else await refused(t, call(method, with_(capability)), 'INVALID_ARGUMENT', problem);
      }
      // NodeExpandVolume and NodePublishVolume ask the cluster nothing as the caller.
      if (getOption(field, csi_secret) && !/^Node(Expand|Publish)/.test(method.name)) {
        const secrets = (pair: Record<string, string>) =>
          call(method, { ...request, secrets: pair });
        await refused(t, secrets({ userID: 'me' }), 'INVALID_ARGUMENT', 'secrets["userKey"]');
        await refused(t, secrets({ userKey: 'AQ==' }), 'INVALID_ARGUMENT', 'secrets["userID"]');
      }
    }
  }
  const volumeCapabilities = [mountAs('ntfs')];
  const name = 'capability';
  await refused(
    t,
    controller.createVolume({ name, volumeCapabilities }),
    'INVALID_ARGUMENT',
    'volume_capabilities[0]',
    '"ntfs"',
    /ext4, xfs, btrfs/,
  );
  await refused(
    t,
    controller.createVolume({
      name,
      volumeCapabilities: [mountAs('', Mode.MULTI_NODE_MULTI_WRITER)],
    }),
    'INVALID_ARGUMENT',
    'MULTI_NODE_MULTI_WRITER',
    'block',
  );
  t.same(await held(ceph), []);
});

t.test('a capacity that cannot be is refused, and what can be is made to the byte', async (t) => {
  const make = (name: string, requiredBytes: bigint, limitBytes = 0n) =>
    controller.createVolume({
      name,
      capacityRange: { requiredBytes, limitBytes },
      volumeCapabilities: [blockAs()],
    });
  const cases: Array<[bigint, bigint, string, ...(string | RegExp)[]]> = [
    [-1n, 0n, 'INVALID_ARGUMENT', 'capacity_range.required_bytes', 'negative'],
    [0n, -5n, 'INVALID_ARGUMENT', 'capacity_range.limit_bytes', 'negative'],
    [-(1n << 63n), 0n, 'INVALID_ARGUMENT', 'capacity_range.required_bytes'],
    [2n * MIB, MIB, 'OUT_OF_RANGE', 'required_bytes 2097152', 'limit_bytes 1048576'],
    [LARGEST, 0n, 'OUT_OF_RANGE', 'capacity_range', `${LARGEST}`],
    [LARGEST, LARGEST, 'OUT_OF_RANGE', 'capacity_range', `${LARGEST}`],
  ];
  for (const [required, limit, code, ...parts] of cases)
    await refused(t, make('capacity', required, limit), code, ...parts);
  t.same(await held(ceph), [], 'nothing is half made');

  const { volume } = await make('capacity', 1n, 1n);
  const volumeId = volume?.volumeId ?? '';
  t.equal(volume?.capacityBytes, 1n);
  const expand = (requiredBytes: bigint, limitBytes = 0n) =>
    controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes, limitBytes } });
  t.equal((await expand(MIB)).capacityBytes, MIB);
  for (const [required, limit, code, ...parts] of cases)
    await refused(t, expand(required, limit), code, ...parts);
  await refused(t, expand(0n, 5n), 'OUT_OF_RANGE', 'limit_bytes 5', 'do not shrink');
  t.equal((await controller.controllerGetVolume({ volumeId })).volume?.capacityBytes, MIB);
  t.equal((await expand(MIB + 3n)).capacityBytes, MIB + 3n);
  await controller.deleteVolume({ volumeId });

  const free = await make('capacity', 0n);
  t.equal(free.volume?.capacityBytes, 1n << 30n, 'who asks for nothing gets 1 GiB');
  await controller.deleteVolume({ volumeId: free.volume?.volumeId ?? '' });
  t.same(await held(ceph), []);
});

t.test('parameters that name what is not there are refused with what there is', async (t) => {
  const cases: Array<[Record<string, string>, ...(string | RegExp)[]]> = [
    [{ pool: 'nope' }, 'pool "nope"', `"${ceph.name}"`],
    [{ dataPool: 'nope' }, 'pool "nope"'],
    [{ namespace: 'nope' }, 'namespace "nope"', ceph.pool],
    [{ cluster: 'cehp' }, 'cluster "cehp"', 'did you mean "ceph"?', 'one of: ceph'],
    [{ objectsize: '4M' }, '"objectsize"', 'did you mean "objectSize"?', ...PARAMETER_NAMES],
    [{ zzz: '4M' }, 'unknown parameter "zzz"', ...PARAMETER_NAMES],
    [{ pool: '../rbd' }, 'parameters["pool"]'],
    [{ pool: 'a/b' }, 'parameters["pool"]'],
    [{ namespace: 'a@b' }, 'parameters["namespace"]'],
    [{ namePrefix: '../' }, 'parameters["namePrefix"]'],
    [{ namePrefix: 'x'.repeat(33) }, 'parameters["namePrefix"]'],
    [{ imageFeatures: 'layering,exclusivelock' }, 'did you mean "exclusive-lock"?'],
    [{ imageFeatures: 'object-map' }, '"object-map" needs "exclusive-lock"'],
    [{ objectSize: '5M' }, 'parameters["objectSize"]', 'power of two'],
    [{ objectSize: '1GiBB' }, 'parameters["objectSize"]'],
    [{ stripeUnit: '64K' }, 'parameters["stripeCount"]'],
    [{ stripeUnit: '3K', stripeCount: '2' }, 'parameters["stripeUnit"]'],
    [{ stripeCount: '0' }, 'parameters["stripeCount"]'],
  ];
  for (const [parameters, ...parts] of cases) {
    await refused(
      t,
      createVolume(plugin, 'parameters', MIB, { parameters }),
      'INVALID_ARGUMENT',
      ...parts,
    );
    const { availableCapacity } = await controller.getCapacity({ parameters });
    t.equal(availableCapacity, 0n, 'there is no room for what cannot be made');
  }
  await refused(
    t,
    controller.createVolume({
      name: 'parameters',
      volumeCapabilities: [blockAs()],
      volumeContentSource: { type: { case: 'volume', value: { volumeId: ABSENT } } },
    }),
    'NOT_FOUND',
    ABSENT,
  );
  t.same(await held(ceph), [], 'nothing is half made');

  await ceph.rbd('namespace', 'create', `${ceph.pool}/here`);
  const volumeId = await createVolume(plugin, 'parameters', MIB, {
    parameters: {
      namespace: 'here',
      imageFeatures: 'layering',
      objectSize: '1M',
      namePrefix: 'v.',
    },
  });
  t.match(volumeId, /^ceph\/\w+\/here\/v\.parameters-/);
  t.equal(
    await codeOf(createVolume(plugin, 'parameters', MIB)),
    'ALREADY_EXISTS',
    'with other parameters it is another volume',
  );
  await controller.deleteVolume({ volumeId });
  await refused(t, controller.listVolumes({ maxEntries: -1 }), 'INVALID_ARGUMENT', 'max_entries');
  for (const startingToken of ['x', 'ceph', 'other/aaaaaaaaaaaaaaaaaaaa', '../..', 'ceph/UPPER'])
    await refused(t, controller.listVolumes({ startingToken }), 'ABORTED', `"${startingToken}"`);
  t.same(await held(ceph), []);
});

t.test('any name of 1 to 128 bytes gives a volume of its own; no other does', async (t) => {
  const names = [
    'a',
    'x'.repeat(128),
    'x'.repeat(127),
    'ü'.repeat(64),
    '.',
    '..',
    '/',
    '../../etc/passwd',
    'a/b@c',
    'a b',
    ' a b ',
    'A-B',
    'a-b',
    'data.disk',
    '卷-データ-🐫',
    '-rf',
    '%s$(id)`id`',
  ];
  const made = new Map<string, string>();
  for (const name of names) {
    const volumeId = await createVolume(plugin, name, MIB);
    made.set(volumeId, name);
    t.match(volumeId, /^ceph\/\w+\/pannier-[a-z0-9-]+$/, 'a handle that is safe anywhere');
    t.ok(Buffer.byteLength(volumeId) <= 128);
    t.equal(await createVolume(plugin, name, MIB), volumeId);
  }
  t.equal(made.size, names.length, 'no two are one');
  const { entries } = await controller.listVolumes({});
  t.same(
    new Map(entries.map(({ volume }) => [volume?.volumeId, volume?.volumeContext.name])),
    made,
    'the listing has the names as they were given',
  );
  const bad: Array<[string, string | RegExp]> = [
    ['x'.repeat(129), 'name: is over 128 bytes'],
    [`x${'ü'.repeat(64)}`, 'name: is over 128 bytes'],
    ['a\nb', 'control character'],
    ['a\0b', 'control character'],
    ['a\x7fb', 'control character'],
  ];
  for (const [name, problem] of bad)
    await refused(t, createVolume(plugin, name, MIB), 'INVALID_ARGUMENT', problem);
  for (const volumeId of made.keys()) await controller.deleteVolume({ volumeId });
  t.same(await held(ceph), []);
});

t.test('a handle that cannot be is a volume that does not exist', async (t) => {
  const { pool } = ceph;
  const handles = [
    'x',
    '/',
    '//',
    '..',
    '../../etc',
    '/etc/passwd',
    `ceph/${pool}`,
    `ceph/${pool}/`,
    `ceph//image`,
    `ceph/${pool}/..`,
    `ceph/${pool}/../image`,
    `ceph/../../etc`,
    `ceph/${pool}/a/b/c`,
    `ceph/${pool}/image@snap`,
    `ceph/${pool}/a\0b`,
    `ceph/${pool}/a\nb`,
    `ceph/${pool}/gibt-es-nicht-ü`,
    `ceph/${pool}/ns/image`,
    'ceph/nope/image',
    'ceph/nope/ns/image',
    'other/rbd/image',
    '0001-0009-rook-ceph-0000000000000002-b0285c97-a0ce-11eb-8c66-0242ac110002',
    'x'.repeat(129),
    `ceph/${pool}/${'x'.repeat(200)}`,
    'x/'.repeat(5000),
  ];
  const done = /^(DeleteVolume|ControllerUnpublishVolume|NodeUnstageVolume|NodeUnpublishVolume)$/;
  for (const method of methods.filter(({ name }) => name in REQUESTS)) {
    if (!method.input.fields.some(({ name }) => name === 'volume_id')) continue;
    for (const volumeId of handles) {
      const answer = call(method, { ...complete(method).request, volumeId });
      if (done.test(method.name))
        t.equal(await codeOf(answer), 'OK', `${method.name} ${volumeId.slice(0, 80)}`);
      else await refused(t, answer, 'NOT_FOUND', volumeId);
    }
  }
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test('paths that are not absolute are refused, and nothing is made', async (t) => {
  const volumeId = await createVolume(plugin, 'paths', 16n * MIB);
  const volumeCapability = blockAs();
  for (const path of ['relative', './a', '../a', '/a/../b', '/a\0b', `/${'x'.repeat(4096)}`]) {
    const at = (stagingTargetPath: string, targetPath: string) => ({
      volumeId,
      volumeCapability,
      stagingTargetPath,
      targetPath,
    });
    const staging = [
      node.nodeStageVolume(at(path, '')),
      node.nodeUnstageVolume(at(path, '')),
      node.nodePublishVolume(at(path, PATH)),
    ];
    await allRefused(t, staging, 'INVALID_ARGUMENT', 'staging_target_path');
    const target = [
      node.nodePublishVolume(at(STAGING, path)),
      node.nodeUnpublishVolume(at('', path)),
    ];
    await allRefused(t, target, 'INVALID_ARGUMENT', 'target_path');
    const looked = [
      node.nodeGetVolumeStats({ volumeId, volumePath: path }),
      node.nodeExpandVolume({ volumeId, volumePath: path }),
    ];
    await allRefused(t, looked, 'NOT_FOUND', volumeId);
  }
  await controller.deleteVolume({ volumeId });
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test('no log betrays a key, and no error was unforeseen', async (t) => {
  t.same(plugins.betrayals([ceph.key, 'AQ==']), []);
  t.same(plugins.unforeseen(), []);
});
