import t from 'tap';
import type { AskedSource, Gathered } from '../../../src/cli/inspect/gather.js';
import { page } from '../../../src/cli/inspect/page/page.js';
import { findInconsistencies } from '../../../src/inspect/findings/all.js';
import type { Known } from '../../../src/inspect/known.js';
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
} from '../../inspect/known.js';

const SOURCES: readonly AskedSource[] = [
  { kind: 'nomad', address: 'http://127.0.0.1:4646', problem: null },
  { kind: 'controller', address: ENDPOINT, problem: null },
  { kind: 'node', address: ENDPOINT, problem: null },
];

/** The sections of the page of what is known, by their titles. */
function sections(change: Partial<Known>, sources = SOURCES): ReadonlyMap<string, string> {
  const all = known(change);
  const gathered: Gathered = { ...all, sources, findings: findInconsistencies(all) };
  const text = page(gathered, 'data', (title) => `# ${title}`);
  const [head = '', ...rest] = text.split('\n\n# ');
  return new Map([
    ['', head],
    ...rest.map((one) => {
      const end = one.indexOf('\n');
      return [one.slice(0, end), one.slice(end + 1)] as const;
    }),
  ]);
}

/** A column of aligned words as the words alone. */
const words = (text = '') => text.split('\n').map((line) => line.split(/ += | {2,}/));

t.test('a volume in use: every part, and what is empty is said to be', (t) => {
  const all = sections({
    nomad: nomad({
      volume: nomadVolume({
        RequestedCapabilities: [
          { AccessMode: 'single-node-writer', AttachmentMode: 'file-system' },
        ],
        MountOptions: { FSType: 'ext4', MountFlags: ['noatime'] },
        Parameters: { pool: 'rbd' },
        RequestedTopologies: { Required: [{ Segments: { rack: 'r1' } }], Preferred: null },
        Topologies: [{ Segments: { rack: 'r1' } }],
      }),
    }),
  });
  t.same(
    [...all.keys()],
    [
      ...['', 'Nomad', 'Specification', 'Claims', 'Record', 'Image', 'Published', 'Watchers'],
      ...['Mounts on client-1 (worker-1)', 'Inconsistencies'],
    ],
  );
  t.match(all.get(''), /^ID +=? data\nNamespace +=? default\nHandle/);
  t.match(words(all.get('Specification')), [
    ['Capacity Min', '1 GiB'],
    ['Capacity Max', '<none>'],
    ['Capability', 'single-node-writer file-system'],
    ['Mount Options', 'ext4 noatime'],
    ['Parameters', 'pool=rbd'],
    ['Context', '<none>'],
    ['From', '<none>'],
    ['Required Topology', 'rack=r1'],
    ['Topology', 'rack=r1'],
  ]);
  t.match(words(all.get('Claims'))[1], [
    ...[ALLOCATION.slice(0, 8), 'write', 'db', 'running', 'client-1', 'ready'],
    ...['yes', 'yes', 'yes'],
  ]);
  for (const list of ['Locks', 'Snapshots', 'Parents', 'Children'])
    t.match(all.get('Image'), new RegExp(`^${list} +=? none$`, 'm'));
  t.match(all.get('Published'), /^client-1 \(worker-1\) {2}SINGLE_NODE_WRITER {2}mount/m);
  t.match(
    all.get('Watchers'),
    /^client\.7 {2}192\.0\.2\.1:0\/7 {2}client-1 \(worker-1\) {2}uses it$/m,
  );
  const mounts = all.get('Mounts on client-1 (worker-1)') ?? '';
  t.match(mounts, /^Node ID +=? worker-1$/m);
  t.match(mounts, /^Device +=? \/dev\/loop0 1 GiB$/m);
  t.match(mounts, /^Usage +=? 1 B of 1 GiB \(0 %\)$/m);
  t.match(mounts, /^\/csi\/target +published +SINGLE_NODE_WRITER +\/dev\/loop0 ext4$/m);
  t.equal(all.get('Inconsistencies'), 'none found');
  t.end();
});

t.test('what hangs on an image, and who has it open', (t) => {
  const published = {
    'worker-9': { mode: 'SINGLE_NODE_WRITER', access: 'mount', readonly: false, unstaged: true },
  } as const;
  const rich = image({
    ...{ dataPool: 'ec', deleting: true, published },
    used: { bytes: GIB / 4n, lookedAtBytes: GIB / 2n },
    watchers: [watcher([], true), watcher(['worker-1', 'worker-9']), watcher([])],
    locks: [
      {
        ...{ name: 'rbd_lock', exclusive: true, client: 'client.7', cookie: 'auto 1' },
        ...{ address: '192.0.2.1:0/7', nodes: ['worker-1'] },
      },
    ],
    snapshots: [
      {
        ...{ id: 4n, name: 'pannier-x', sizeBytes: GIB, created: new Date(0), kind: 'user' },
        ...{ clones: 2, handle: `${HANDLE}@x` },
      },
      {
        ...{ id: 5n, name: 'gone', sizeBytes: GIB, created: new Date(0), kind: 'trash' },
        ...{ clones: 1, handle: undefined },
      },
    ],
    parents: [
      {
        ...{ pool: 'rbd', namespace: 'inner', imageId: 'abc', image: undefined },
        ...{ snapshot: 'base', volume: 'ceph/rbd/inner/base' },
      },
    ],
    children: [{ pool: 'fast', namespace: '', image: 'copy', imageId: 'def', inTrash: true }],
  });
  const all = sections({ ceph: ceph({ image: rich, flattenedPercent: 40 }) });
  const lines = words(all.get('Image (!)'));
  t.match(lines, [['RBD ID'], ['Size'], ['Used', /256 MiB in the first 512 MiB/]]);
  t.ok(lines.some(([key, value]) => key?.trim() === 'Flattened' && value === '40 %'));
  t.match(words(all.get('Watchers (!)')), [
    [],
    ['client.7', '192.0.2.1:0/7', 'no node', 'works on it for a controller'],
    ['client.7', '192.0.2.1:0/7', 'client-1 (worker-1) or worker-9', 'uses it'],
    ['client.7', '192.0.2.1:0/7', 'no node', 'uses it'],
  ]);
  t.match(all.get('Published'), /^worker-9 \(unstaged\) {2}SINGLE_NODE_WRITER {2}mount/m);
  t.match(words(all.get('Locks'))[1], ['rbd_lock', 'exclusive', 'client.7', '192.0.2.1:0/7']);
  t.match(words(all.get('Snapshots')), [
    [],
    [`${HANDLE}@x`, '1 GiB', /^1970/, '2', '<none>'],
    ['gone', '1 GiB', /^1970/, '1', 'deleted, kept by its clones'],
  ]);
  t.match(words(all.get('Parents'))[1], [
    'rbd/inner/abc (in the trash)',
    'base',
    'ceph/rbd/inner/base',
  ]);
  t.match(words(all.get('Children'))[1], ['fast/copy', 'def', 'true']);
  t.end();
});

t.test('a part that could not be read says why, and is not said to be empty', (t) => {
  const gap = { part: 'watchers', problem: 'cluster "ceph" does not answer' };
  const blind = ceph({ image: image({ watchers: undefined }), gaps: [gap] });
  const all = sections({ ceph: blind });
  t.match(all.get('Image'), 'watchers: not known: cluster "ceph" does not answer');
  t.notMatch(all.get('Image'), /^Watchers/m);
  t.notOk(all.has('Watchers'));
  t.match(words(all.get('Claims'))[1]?.slice(-3), ['yes', 'not known', 'yes']);
  const nowhere = ceph({ image: image({ watchers: [watcher(undefined)] }) });
  const lost = sections({ ceph: nowhere });
  t.match(lost.get('Watchers'), /192\.0\.2\.1:0\/7 {2}not known {2}uses it$/m);
  t.match(words(lost.get('Claims'))[1]?.slice(-3), ['yes', 'not known', 'yes']);
  t.end();
});

t.test('sources that were not reached', (t) => {
  const silent: AskedSource[] = [
    { kind: 'nomad', address: 'http://127.0.0.1:4646', problem: 'no Nomad answers' },
    { kind: 'controller', address: null, problem: 'no controller is known' },
    { kind: 'node', address: 'unix:///gone.sock', problem: 'no plugin answers' },
  ];
  const none = sections({ nomad: undefined, ceph: undefined, nodes: [] }, silent);
  t.equal(none.get('Nomad'), 'not known: no Nomad answers');
  t.equal(none.get('Image'), 'not known: no controller is known');
  t.equal(none.get('Mounts at unix:///gone.sock'), 'not known: no plugin answers');
  t.equal(none.get('Inconsistencies'), 'none found in what is known');
  const elsewhere = sections({ nodes: [] }, SOURCES.slice(0, 2));
  t.match(
    elsewhere.get(`Mounts on client-1 (${NODE.slice(0, 8)})`),
    /^not known: nobody asked it: .* -node-endpoint$/,
    'a node that has a claim is named',
  );
  const idle = sections({ nomad: nomad({ claims: [] }), nodes: [] }, SOURCES.slice(0, 2));
  t.match(idle.get('Mounts'), /^not known: no node is known/);
  t.end();
});

t.test('what is not there', (t) => {
  const plain = sections({ nomad: null, ceph: ceph({ record: undefined }), nodes: [] });
  t.equal(plain.get('Nomad'), 'Nomad has no such volume');
  t.equal(plain.get('Record'), 'no plugin wrote one: it is a plain image');
  const gone = sections({ nomad: nomad({ claims: [] }), ceph: null, nodes: [] });
  t.equal(gone.get('Image'), 'there is no such image');
  t.equal(gone.get('Claims'), 'none');
  const deleted = {
    ...{ handle: HANDLE, name: 'data', imageId: 'abc123', sizeBytes: GIB },
    ...{ deleted: new Date(0), until: new Date(0), snapshots: 2, freeing: false },
  };
  const buried = ceph({ image: undefined, record: undefined, deleted: [deleted] });
  t.match(
    sections({ nomad: null, ceph: buried, nodes: [] }).get('Image (!)'),
    /^deleted: 1 GiB of image abc123, kept until .*, and by 2 snapshots$/,
  );
  const bare = node({ mapping: undefined, stagings: [], fileSystem: undefined });
  t.equal(
    sections({ nodes: [bare] }).get('Mounts on client-1 (worker-1)'),
    'nothing is mapped or mounted there',
  );
  t.end();
});

t.test('an allocation that does not run says what happened to it last', (t) => {
  const event = (Type: string, Time: number, DisplayMessage: string) => ({
    ...{ Type, Time, DisplayMessage },
  });
  const waits = allocation({
    ClientStatus: 'pending',
    TaskStates: {
      task: {
        ...{ State: 'pending', Failed: false, Restarts: 0 },
        Events: [
          event('Setup Failure', 2, 'failed to setup alloc: volume is in use'),
          event('Received', 1, 'Task received by client'),
        ],
      },
    },
  });
  const claims = [{ allocationId: ALLOCATION, mode: 'write' as const, allocation: waits }];
  t.match(
    sections({ nomad: nomad({ claims }) }).get('Claims'),
    /\n22222222: Setup Failure: failed to setup alloc: volume is in use$/,
  );
  const forgotten = [
    { allocationId: 'gone-for-good', mode: 'read' as const, allocation: undefined },
  ];
  t.match(words(sections({ nomad: nomad({ claims: forgotten }) }).get('Claims (!)'))[1], [
    ...['gone-for', 'read', '<none>', 'forgotten', '<none>', '<none>'],
  ]);
  t.end();
});

t.test('a device that died, paths that nobody knows, and what is wrong, with its command', (t) => {
  const dead = node({
    mapping: {
      ...{ mapper: 'fuse', alive: false },
      devices: [{ path: '/dev/loop0', readonly: true, sizeBytes: undefined }],
    },
    stagings: [staging({ access: 'block', mount: undefined, targets: [] })],
    ...{ unknownPaths: ['/mnt/by hand'], fileSystem: undefined, holders: ['4711 (postgres)'] },
  });
  const all = sections({ nodes: [dead] });
  const mounts = all.get('Mounts on client-1 (worker-1) (!)') ?? '';
  t.match(mounts, /^Mapped By +=? fuse, which has died$/m);
  t.match(mounts, /^Device +=? \/dev\/loop0 size not known read-only$/m);
  t.match(mounts, /^Used By +=? 4711 \(postgres\)$/m);
  t.match(mounts, /the device itself$/m);
  t.match(mounts, /^\/mnt\/by hand {2}not known to the plugin/m);
  t.match(
    all.get('Inconsistencies'),
    /^! device-gone \(error\): what serves \/dev\/loop0 on node "client-1" \(worker-1\) has ended/,
  );
  t.match(all.get('Inconsistencies'), `\n    $ nomad alloc stop ${ALLOCATION}\n\n! unknown-mount`);
  t.match(all.get(''), /^Inconsistencies = 2$/m);
  t.end();
});
