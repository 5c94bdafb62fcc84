import t from 'tap';
import { FINDING_KINDS, type FindingKind } from '../../src/inspect/finding.js';
import { findInconsistencies } from '../../src/inspect/findings/all.js';
import type { Known, MesosView } from '../../src/inspect/known.js';
import { isOf, referenceRows } from '../docs/rows.js';
import {
  ALLOCATION,
  allocation,
  ceph,
  ENDPOINT,
  GIB,
  HANDLE,
  image,
  known,
  NODE,
  node,
  nomad,
  nomadVolume,
  staging,
  watcher,
} from './known.js';

interface Told {
  readonly kind: string;
  readonly command: string | null;
  readonly severity: string;
}

/** What was told by the tests here, with the commands, so that each of it is looked up in the reference. */
const seen = new Map<FindingKind, Set<string | null>>();

function told(change: Partial<Known> = {}): Told[] {
  return findInconsistencies(known(change)).map(({ kind, command, severity }) => {
    seen.set(kind, (seen.get(kind) ?? new Set()).add(command));
    return { kind, command, severity };
  });
}

const NOMAD = '-address=http://127.0.0.1:4646';
const TAKE_DOWN = `pannier volume unmount -endpoint=${ENDPOINT} /csi/target`;
const STOP = `nomad alloc stop ${ALLOCATION}`;

const error = (kind: string, command: string | null) => ({ kind, command, severity: 'error' });
const warning = (kind: string, command: string | null) => ({ kind, command, severity: 'warning' });

t.test('what fits together is no finding, and nothing is guessed of what is not known', (t) => {
  t.same(told(), []);
  t.same(told({ nomad: undefined, ceph: undefined, nodes: [] }), []);
  t.same(told({ nomad: undefined }), []);
  t.same(told({ nomad: null }), [], 'a volume that Nomad does not know, mounted by hand');
  t.same(told({ ceph: undefined }), []);
  t.same(told({ nodes: [] }), []);
  const unknown = nomad().nodes.map((one) => ({ ...one, status: 'unknown', csiId: undefined }));
  t.same(told({ nomad: nomad({ nodes: unknown }), ceph: undefined }), []);
  t.end();
});

t.test('a claim of an allocation that Nomad has forgotten', (t) => {
  const claims = [{ allocationId: 'gone', mode: 'write' as const, allocation: undefined }];
  const nobody = ceph({ image: image({ published: {}, watchers: [] }) });
  t.same(told({ nomad: nomad({ claims }), ceph: nobody, nodes: [] }), [
    error('claim-without-allocation', 'nomad system gc'),
  ]);
  t.end();
});

t.test('a claim of an allocation that is over', (t) => {
  const nobody = ceph({ image: image({ published: {}, watchers: [] }) });
  for (const ClientStatus of ['complete', 'failed', 'lost', 'pending']) {
    const claims = [
      {
        allocationId: ALLOCATION,
        mode: 'read' as const,
        allocation: allocation({ ClientStatus, DesiredStatus: 'stop' }),
      },
    ];
    t.same(told({ nomad: nomad({ claims }), ceph: nobody, nodes: [] }), [
      error('claim-of-ended-allocation', 'nomad system gc'),
    ]);
  }
  t.end();
});

t.test('a claim on a node that is down, out of sight or forgotten', (t) => {
  const nodes = (status: string) => nomad().nodes.map((one) => ({ ...one, status }));
  t.same(told({ nomad: nomad({ nodes: nodes('down') }) }), [
    error('claim-on-lost-node', 'nomad system gc'),
    error('watcher-on-lost-node', 'ceph osd blocklist add 192.0.2.1:0/7 86400'),
  ]);
  t.same(
    told({ nomad: nomad({ nodes: nodes('disconnected') }) }),
    [error('claim-on-lost-node', null)],
    'Nomad keeps it for the time that the job gives the node',
  );
  const lost = told({ nomad: nomad({ nodes: [] }), nodes: [], ceph: undefined });
  t.same(lost, [error('claim-on-lost-node', 'nomad system gc')]);
  t.end();
});

t.test('a publication without a claim, taken back where the controller is', (t) => {
  const published = ceph({ image: image({ watchers: [] }) });
  for (const without of [nomad({ claims: [] }), nomad({ claims: [], nodes: [] })])
    t.same(told({ nomad: without, ceph: published, nodes: [] }), [
      error('published-without-claim', `pannier volume unmount -node=worker-1 ${HANDLE}`),
    ]);
  const at = { nomad: undefined, controller: 'unix:///other.sock' };
  t.same(told({ nomad: nomad({ claims: [] }), ceph: published, nodes: [], at }), [
    error(
      'published-without-claim',
      `pannier volume unmount -endpoint=unix:///other.sock -node=worker-1 ${HANDLE}`,
    ),
  ]);
  t.end();
});

t.test('a publication that its node has given up is as good as none', (t) => {
  const given = {
    mode: 'SINGLE_NODE_WRITER',
    access: 'mount',
    readonly: false,
    unstaged: true,
  } as const;
  const published = { 'worker-1': given };
  const idle = ceph({ image: image({ published, watchers: [] }) });
  t.same(told({ nomad: nomad({ claims: [] }), ceph: idle, nodes: [] }), []);
  const open = ceph({ image: image({ published }) });
  t.match(told({ nomad: nomad({ claims: [] }), ceph: open, nodes: [] }), [
    { kind: 'watcher-without-claim' },
  ]);
  t.same(told({ ceph: open }), [error('claim-without-publication', STOP)]);
  t.end();
});

t.test('a running claim without a publication', (t) => {
  const unpublished = ceph({ image: image({ published: {} }) });
  t.same(told({ ceph: unpublished }), [error('claim-without-publication', STOP)]);
  const csi = nomadVolume({ ControllerRequired: false });
  t.same(told({ ceph: unpublished, nomad: nomad({ volume: csi }) }), [], 'where nobody publishes');
  const waiting = [
    {
      allocationId: ALLOCATION,
      mode: 'write' as const,
      allocation: allocation({ ClientStatus: 'pending' }),
    },
  ];
  t.same(
    told({ ceph: unpublished, nomad: nomad({ claims: waiting }) }),
    [],
    'one that only begins',
  );
  t.end();
});

t.test('a client that speaks from no node', (t) => {
  const stranger = ceph({ image: image({ watchers: [watcher([])] }) });
  t.same(told({ ceph: stranger }), [warning('watcher-is-no-node', null)]);
  const controller = ceph({ image: image({ watchers: [watcher([], true)] }) });
  t.same(told({ ceph: controller }), [], 'a controller that works on the image is none');
  t.end();
});

t.test('a node that has the image open without a claim', (t) => {
  const open = ceph({ image: image({ published: {} }) });
  const none = nomad({ claims: [] });
  t.same(told({ ceph: open, nomad: none, nodes: [] }), [error('watcher-without-claim', null)]);
  t.same(told({ ceph: open, nomad: none }), [
    error('watcher-without-claim', TAKE_DOWN),
    error('staged-without-claim', TAKE_DOWN),
  ]);
  t.same(
    told({ ceph: open, nomad: null }),
    [error('watcher-without-claim', TAKE_DOWN)],
    'also of a volume that Nomad does not know',
  );
  t.end();
});

t.test('a staged volume without a claim', (t) => {
  const idle = ceph({ image: image({ published: {}, watchers: [] }) });
  t.same(told({ ceph: idle, nomad: nomad({ claims: [] }) }), [
    error('staged-without-claim', TAKE_DOWN),
  ]);
  t.end();
});

t.test('records and images that do not go together', (t) => {
  const kinds = {
    'no-mark': 'image-without-record',
    'no-entry': 'image-without-entry',
    differs: 'record-differs',
  } as const;
  for (const [state, kind] of Object.entries(kinds)) {
    const { record } = ceph();
    const wrong = ceph({ record: record && { ...record, state: state as keyof typeof kinds } });
    t.same(told({ ceph: wrong }), [error(kind, 'pannier doctor')]);
  }
  t.end();
});

t.test('a record without an image', (t) => {
  const { record } = ceph();
  const gone = ceph({ image: undefined, record: record && { ...record, state: 'no-image' } });
  t.same(told({ ceph: gone, nomad: null, nodes: [] }), [
    error('record-without-image', 'pannier doctor'),
  ]);
  const csi = ceph({
    image: undefined,
    record: record && { ...record, keeper: 'ceph-csi', state: 'no-image' },
  });
  t.same(told({ ceph: csi, nomad: null, nodes: [] }), [error('record-without-image', null)]);
  t.end();
});

t.test('a creation that is not finished', (t) => {
  const { record } = ceph();
  const pending = ceph({ image: undefined, record: record && { ...record, state: 'pending' } });
  t.same(told({ ceph: pending, nomad: null, nodes: [] }), [
    warning('unfinished-creation', 'pannier doctor'),
  ]);
  t.end();
});

t.test('a deletion that is not finished, and one that is', (t) => {
  t.same(told({ ceph: ceph({ image: image({ deleting: true }) }) }), [
    error('unfinished-deletion', `pannier volume delete ${HANDLE}`),
  ]);
  const tombstone = {
    handle: HANDLE,
    name: 'data',
    imageId: 'abc123',
    sizeBytes: GIB,
    deleted: new Date(0),
    until: new Date(0),
    snapshots: 1,
    freeing: false,
  };
  const { record } = ceph();
  const deleted = ceph({ image: undefined, record: undefined, deleted: [tombstone] });
  t.same(told({ ceph: deleted, nomad: null, nodes: [] }), [
    warning('deleted', `pannier volume undelete ${HANDLE}`),
  ]);
  const idle = nomad({ claims: [] });
  t.same(told({ ceph: deleted, nomad: idle, nodes: [] }), [
    error('deleted', `pannier volume undelete ${HANDLE}`),
  ]);
  const freed = { ...deleted, deleted: [{ ...tombstone, freeing: true }] };
  t.same(told({ ceph: freed, nomad: idle, nodes: [] }), [
    error('deleted', 'nomad volume deregister data'),
  ]);
  t.same(
    told({
      ceph: { ...deleted, record: record && { ...record, state: 'no-image' } },
      nomad: null,
      nodes: [],
    }),
    [warning('deleted', `pannier volume undelete ${HANDLE}`)],
    'an entry that a deletion left is told of once',
  );
  t.end();
});

t.test('a volume of Nomad of which nothing is left', (t) => {
  t.same(told({ nomad: nomad({ claims: [] }), ceph: null, nodes: [] }), [
    error('nomad-volume-without-image', 'nomad volume deregister data'),
  ]);
  t.end();
});

t.test('an image that Nomad has twice', (t) => {
  const twins = [{ id: 'other', namespace: 'web' }];
  t.same(told({ nomad: nomad({ twins }) }), [
    error('registered-twice', 'nomad volume deregister -namespace=web other'),
  ]);
  const odd = [{ id: 'data[0]', namespace: 'default' }];
  t.same(told({ nomad: nomad({ twins: odd }) }), [
    error('registered-twice', "nomad volume deregister 'data[0]'"),
  ]);
  t.end();
});

t.test('a plugin that is not healthy enough', (t) => {
  for (const change of [{ ControllersHealthy: 0 }, { NodesHealthy: 0 }, { Schedulable: false }]) {
    const volume = nomadVolume(change);
    t.same(told({ nomad: nomad({ volume }) }), [error('plugin-unhealthy', 'pannier nomad check')]);
  }
  const node = nomadVolume({ ControllerRequired: false, ControllersHealthy: 0 });
  t.same(told({ nomad: nomad({ volume: node }) }), []);
  t.end();
});

t.test('another size in Nomad than in Ceph', (t) => {
  const volume = nomadVolume({ Capacity: Number(GIB / 2n) });
  t.same(told({ nomad: nomad({ volume }) }), [
    warning('size-differs', `pannier volume expand ${NOMAD} volume.hcl ${GIB}`),
  ]);
  const small = ceph({ image: image({ sizeBytes: GIB / 4n }) });
  t.same(
    told({ nomad: nomad({ volume }), ceph: small, nodes: [] }),
    [warning('size-differs', `pannier volume expand ${NOMAD} volume.hcl ${GIB / 2n}`)],
    'nothing shrinks',
  );
  const registered = nomadVolume({ Capacity: 0 });
  t.same(told({ nomad: nomad({ volume: registered }) }), [], 'Nomad has none of a registered one');
  t.end();
});

t.test('a device and a file system that have not grown', (t) => {
  const at = { nomad: undefined, controller: ENDPOINT };
  const expand = (size: bigint) => `pannier volume expand -endpoint=${ENDPOINT} ${HANDLE} ${size}`;
  const grown = ceph({ image: image({ sizeBytes: 2n * GIB }) });
  const volume = nomadVolume({ Capacity: Number(2n * GIB) });
  t.same(told({ ceph: grown, nomad: nomad({ volume }) }), [warning('device-smaller', STOP)]);
  t.same(told({ ceph: grown, nomad: null, at }), [warning('device-smaller', expand(2n * GIB))]);
  t.same(
    told({ ceph: grown, nomad: null }),
    [warning('device-smaller', null)],
    'no controller is where the node could be told',
  );
  const sectors = ceph({ image: image({ sizeBytes: GIB + 511n }) });
  t.same(told({ ceph: sectors, nomad: null }), [], 'a device is whole sectors');
  const { fileSystem } = node();
  const small = node({ fileSystem: fileSystem && { ...fileSystem, smaller: true } });
  t.same(told({ nodes: [small] }), [warning('file-system-smaller', STOP)]);
  t.same(told({ nodes: [small], nomad: null, at }), [warning('file-system-smaller', expand(GIB))]);
  t.end();
});

t.test('a mount that the kernel made read-only', (t) => {
  const mount = { device: '/dev/loop0', fsType: 'ext4', readonly: true };
  t.same(told({ nodes: [node({ stagings: [staging({ mount })] })] }), [
    error('mount-read-only', STOP),
  ]);
  const reader = staging({ mount, mode: 'MULTI_NODE_READER_ONLY' });
  t.same(told({ nodes: [node({ stagings: [reader] })] }), []);
  t.end();
});

t.test('a device whose server died, and one whose image is gone or another one', (t) => {
  const mapping = { mapper: 'fuse', alive: false, devices: [] };
  t.same(told({ nodes: [node({ mapping })] }), [error('device-gone', STOP)]);
  const other = node({ stagings: [staging({ imageId: 'before' })] });
  t.same(told({ nodes: [other] }), [error('image-gone', STOP)]);
  t.same(
    told({ nomad: null, ceph: null }),
    [error('image-gone', TAKE_DOWN)],
    'without a claim the node takes it down',
  );
  t.end();
});

t.test('stagings that are not finished, and mounts that are missing', (t) => {
  const begun = node({ stagings: [staging({ state: 'staging', mount: undefined, targets: [] })] });
  t.same(told({ nodes: [begun] }), [warning('unfinished-staging', STOP)]);
  const target = { path: '/csi/target', readonly: false, mount: undefined };
  t.same(told({ nodes: [node({ stagings: [staging({ targets: [target] })] })] }), [
    warning('mount-missing', STOP),
  ]);
  const block = staging({ access: 'block', mount: undefined, targets: [] });
  t.same(told({ nodes: [node({ stagings: [block] })] }), [], 'a device is staged without a mount');
  t.end();
});

t.test('mounts that no record knows', (t) => {
  t.same(told({ nodes: [node({ unknownPaths: ['/mnt/by hand'] })] }), [
    warning('unknown-mount', "umount '/mnt/by hand'"),
  ]);
  t.end();
});

t.test('an object map that nobody trusts', (t) => {
  const inner = { ...ceph().handle, namespace: 'inner' };
  const invalid = ceph({ handle: inner, image: image({ objectMapInvalid: true }) });
  t.same(told({ ceph: invalid }), [
    warning('object-map-invalid', 'rbd object-map rebuild rbd/inner/pannier-data'),
  ]);
  t.end();
});

t.test('a lock by hand whose holder does not have the image open', (t) => {
  const lock = {
    name: 'rbd_lock',
    exclusive: true,
    client: 'client.9',
    cookie: 'by hand',
    address: '192.0.2.9:0/9',
    nodes: [],
  };
  t.same(told({ ceph: ceph({ image: image({ locks: [lock] }) }) }), [
    warning('lock-without-client', "rbd lock rm rbd/pannier-data 'by hand' client.9"),
  ]);
  const held = { ...lock, address: '192.0.2.1:0/7' };
  t.same(told({ ceph: ceph({ image: image({ locks: [held] }) }) }), []);
  const managed = { ...lock, cookie: 'auto 94321' };
  t.same(told({ ceph: ceph({ image: image({ locks: [managed] }) }) }), []);
  t.end();
});

t.test('a list that could not be read is no empty one', (t) => {
  const unread = (change: Parameters<typeof image>[0]) =>
    told({ ceph: ceph({ image: image(change) }) });
  t.same(unread({ published: undefined }), []);
  t.same(unread({ watchers: [watcher(undefined)] }), [], 'nobody knows which node it is on');
  const lock = {
    ...{ name: 'rbd_lock', exclusive: true, client: 'client.9', cookie: 'by hand' },
    ...{ address: '192.0.2.9:0/9', nodes: [] },
  };
  t.same(unread({ watchers: undefined, locks: [lock] }), []);
  const none = nomad({ claims: [] });
  const unclaimed = ceph({ image: image({ published: undefined }) });
  t.same(told({ ceph: unclaimed, nomad: none, nodes: [] }), []);
  t.end();
});

t.test('what a node could not read is not missing there', (t) => {
  const gap = (part: string) => [{ part, problem: 'it does not answer' }];
  const bare = { mapping: undefined, fileSystem: undefined };
  const staged = staging({ mount: undefined, targets: [] });
  t.same(told({ nodes: [node({ ...bare, stagings: [staged], gaps: gap('mapping') })] }), []);
  const paths = { stagings: [], unknownPaths: ['/csi/target'] };
  t.same(told({ nodes: [node({ ...paths, gaps: gap('stagings') })] }), []);
  t.end();
});

t.test('a client on a node that Nomad does not hear of is kept from Ceph', (t) => {
  const nodes = nomad().nodes.map((one) => ({ ...one, status: 'down' }));
  const block = error('watcher-on-lost-node', 'ceph osd blocklist add 192.0.2.1:0/7 86400');
  t.same(told({ nomad: nomad({ nodes }), nodes: [] }), [
    error('claim-on-lost-node', 'nomad system gc'),
    block,
  ]);
  const moved = { nomad: nomad({ nodes, claims: [] }), nodes: [] };
  const unpublished = ceph({ image: image({ published: {} }) });
  t.same(told({ ...moved, ceph: unpublished }), [block], 'also where nothing else tells of it');
  const byName = ceph({ image: image({ published: {}, watchers: [watcher([NODE])] }) });
  const unnamed = nodes.map((one) => ({ ...one, csiId: undefined }));
  t.same(told({ nomad: nomad({ nodes: unnamed, claims: [] }), nodes: [], ceph: byName }), [block]);
  const forgotten = nomad({ nodes: [], claims: [], forgotten: [NODE] });
  t.same(
    told({ nomad: forgotten, nodes: [], ceph: byName }),
    [block],
    'also of one that Nomad has forgotten',
  );
  const either = ceph({ image: image({ watchers: [watcher(['worker-1', 'worker-2'])] }) });
  t.same(
    told({ nomad: nomad({ nodes }), nodes: [], ceph: either }),
    [error('claim-on-lost-node', 'nomad system gc')],
    'it may be on another one, which is there',
  );
  t.end();
});

t.test('what is at stake comes first', (t) => {
  const volume = nomadVolume({ Capacity: 1 });
  const twins = [{ id: 'other', namespace: 'default' }];
  const order = told({ nomad: nomad({ volume, twins }), nodes: [node({ unknownPaths: ['/a'] })] });
  t.same(
    order.map(({ severity }) => severity),
    ['error', 'warning', 'warning'],
  );
  t.end();
});

/** A disk of a resource provider's, on an agent. */
const diskOn = (hostname: string, type = 'MOUNT') => ({
  ...{
    volumeId: HANDLE,
    type,
    profile: 'ext4',
    sizeBytes: GIB,
    role: 'storage',
    persistence: null,
  },
  agent: { address: `http://${hostname}:5051`, id: `${hostname}-S0`, hostname },
  provider: { id: 'p', name: 'ceph' },
  plugin: 'csi.pannier.rbd.ceph',
});
const onMesos = (change: Partial<MesosView> = {}): MesosView => ({
  ...{ disks: [diskOn('a')], uses: [], operations: [], gaps: [] },
  ...change,
});
const SANDBOX = '/w/slaves/S/frameworks/F/executors/e/runs/r/data';

t.test("a volume of Mesos's", (t) => {
  const mesos = onMesos();
  t.same(told({ nomad: null, mesos }), [], 'as a disk');
  const open = ceph({ image: image({ published: {}, watchers: [watcher(['worker-1'])] }) });
  t.same(
    told({ nomad: null, mesos: null, ceph: open }).map(({ kind }) => kind),
    ['watcher-without-claim'],
  );
  t.same(told({ nomad: null, mesos, ceph: open }), [], 'volume/csi publishes at no controller');
  t.same(told({ nomad: null, mesos, ceph: null, nodes: [] }), [
    error('mesos-disk-without-image', null),
  ]);
  t.same(told({ nomad: null, mesos: onMesos({ disks: [diskOn('a'), diskOn('b', 'RAW')] }) }), [
    error('mesos-disk-of-several-agents', null),
  ]);
  t.same(told({ nomad: null, mesos: onMesos({ disks: [diskOn('a'), diskOn('a', 'RAW')] }) }), [
    error('mesos-disk-twice', null),
  ]);
  t.end();
});

t.test(
  'a mount in a sandbox of Mesos is unknown where no task of that framework has the volume',
  (t) => {
    const nodes = [node({ unknownPaths: [SANDBOX] })];
    const use = {
      ...{ volumeId: HANDLE, taskId: 't', taskName: 't', frameworkId: 'F', frameworkName: 'f' },
      ...{
        state: 'TASK_RUNNING',
        readonly: false,
        through: 'disk' as const,
        containerPath: 'data',
      },
      agent: diskOn('a').agent,
    };
    t.same(told({ nodes, mesos: onMesos({ uses: [use] }) }), []);
    t.same(told({ nodes, mesos: undefined }), [], 'nobody was asked');
    const unknown = [warning('unknown-mount', `umount ${SANDBOX}`)];
    t.same(told({ nodes, mesos: onMesos() }), unknown);
    t.same(told({ nodes, mesos: null }), unknown);
    t.end();
  },
);

t.test('all of it is found by these tests, and is in the reference with its command', (t) => {
  t.same([...seen.keys()].sort(), [...FINDING_KINDS]);
  const rows = referenceRows('inspection.md');
  t.same([...rows.keys()].sort(), [...FINDING_KINDS], 'and nothing else is');
  for (const [kind, commands] of seen) {
    const templates = rows.get(kind) ?? [];
    for (const command of commands)
      if (command === null) t.ok(true);
      else
        t.ok(
          templates.some((template) => isOf(template, command)),
          `${kind}: ${command} as one of ${templates.join(', ')}`,
        );
  }
  t.end();
});
