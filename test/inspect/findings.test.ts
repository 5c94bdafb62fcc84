import t from 'tap';
import { findInconsistencies } from '../../src/inspect/findings/all.js';
import type { Known } from '../../src/inspect/known.js';
import {
  ALLOCATION,
  allocation,
  ceph,
  ENDPOINT,
  GIB,
  HANDLE,
  image,
  known,
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

function told(change: Partial<Known> = {}): Told[] {
  return findInconsistencies(known(change)).map(({ kind, command, severity }) => ({
    ...{ kind, command, severity },
  }));
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
  const expand = `pannier volume expand ${HANDLE} ${2n * GIB}`;
  const grown = ceph({ image: image({ sizeBytes: 2n * GIB }) });
  const volume = nomadVolume({ Capacity: Number(2n * GIB) });
  t.same(told({ ceph: grown, nomad: nomad({ volume }) }), [warning('device-smaller', STOP)]);
  t.same(told({ ceph: grown, nomad: null }), [warning('device-smaller', expand)]);
  const sectors = ceph({ image: image({ sizeBytes: GIB + 511n }) });
  t.same(told({ ceph: sectors, nomad: null }), [], 'a device is whole sectors');
  const { fileSystem } = node();
  const small = node({ fileSystem: fileSystem && { ...fileSystem, smaller: true } });
  t.same(told({ nodes: [small] }), [warning('file-system-smaller', STOP)]);
  t.same(told({ nodes: [small], nomad: null }), [
    warning('file-system-smaller', `pannier volume expand ${HANDLE} ${GIB}`),
  ]);
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
