import t from 'tap';
import { isShared } from '../../../src/cli/check/machine.js';
import { checkCluster } from '../../../src/nomad/check/check.js';
import { FINDING_KINDS, type FindingKind } from '../../../src/nomad/check/finding.js';
import type { ClusterView } from '../../../src/nomad/check/view.js';
import { referenceRows } from '../../docs/rows.js';
import {
  allocation,
  CONTROLLER_JOB,
  client,
  cluster,
  dockerJob,
  driver,
  instance,
  job,
  NODE_JOB,
  plugin,
  request,
  STATE_DIR,
  volume,
} from './cluster.js';

/** What was found by the tests here. */
const seen = new Set<FindingKind>();

function check(change: Partial<ClusterView>) {
  const all = checkCluster(cluster(change));
  for (const { kind } of all) seen.add(kind);
  return all;
}

function found(change: Partial<ClusterView>): string[] {
  return check(change).map(({ kind, severity }) => `${severity} ${kind}`);
}

/** The only finding. */
function only(change: Partial<ClusterView>) {
  const all = check(change);
  return all.length === 1 ? all[0] : { kind: all.map(({ kind }) => kind).join(', ') };
}

t.test('a cluster in order, and one of which nothing could be read', (t) => {
  t.same(found({}), []);
  const nothing = Object.fromEntries(Object.keys(cluster()).map((key) => [key, undefined]));
  t.same(found(nothing), []);
  t.end();
});

t.test('servers and clients that are too old, each by what is missed there', (t) => {
  const old = (Version: string) => ({ nodes: [client('a', { Version }), client('b')] });
  t.same(found(old('1.2.6')), [
    'error version-too-old',
    'warning version-too-old',
    'warning version-too-old',
  ]);
  t.same(found(old('1.6.2')), ['warning version-too-old', 'warning version-too-old']);
  t.match(only(old('1.7.7')), {
    subject: 'client "a"',
    problem: 'Nomad 1.7.7 runs there, and 1.8.0 or later is needed',
  });
  t.same(found(old('1.10.0-beta.1+ent')), []);
  const servers = [{ Name: 's1.global', Status: 'alive', Tags: { build: '1.6.2' } }];
  t.match(only({ servers: [{ ...servers[0], Tags: { build: '1.7.0' } }] as never }), {
    subject: 'server "s1.global"',
  });
  t.end();
});

t.test('no plugin, and none that any job would run', (t) => {
  t.match(only({ plugins: [], jobs: [], volumes: [], instances: [] }), { kind: 'no-plugin' });
  const jobs = [NODE_JOB, CONTROLLER_JOB];
  t.same(found({ plugins: [], jobs, volumes: [], instances: [] }), []);
  t.end();
});

t.test('plugins of which too little is healthy', (t) => {
  const plugins = (change: Parameters<typeof plugin>[0]) => ({ plugins: [plugin(change)] });
  t.same(found(plugins({ ControllersHealthy: 0 })), ['error no-controller']);
  t.same(found(plugins({ ControllersHealthy: 1 })), ['warning one-controller']);
  t.same(found(plugins({ ControllerRequired: false, ControllersHealthy: 0 })), []);
  t.same(found(plugins({ NodesHealthy: 0 })), ['error no-node']);
  const sick = instance({ Healthy: false, HealthDescription: 'failed fingerprinting' });
  t.match(only(plugins({ Nodes: { 'node-a': instance(), 'node-b': sick } })), {
    kind: 'instance-unhealthy',
    subject: 'plugin "pannier", node on client "b"',
    problem: 'it is not healthy: failed fingerprinting',
    remedy: 'See `nomad alloc logs -stderr 33333333`.',
  });
  t.match(only(plugins({ Nodes: { 'node-a': instance() } })), {
    kind: 'client-without-plugin',
    subject: 'client "b"',
  });
  t.end();
});

t.test('instances of different versions', (t) => {
  const [first, ...rest] = cluster().instances ?? [];
  const newer = first && { ...first, instance: instance({ ProviderVersion: '0.2.0' }) };
  t.match(only({ instances: [...(newer ? [newer] : []), ...rest] }), {
    kind: 'mixed-versions',
    severity: 'warning',
    problem: /\(0\.1\.0: .*; 0\.2\.0: controller on "a"\)/,
  });
  t.end();
});

t.test('drivers that the plugin needs and a client lacks', (t) => {
  const bare = client('b', { Drivers: { exec: driver() } });
  t.match(only({ nodes: [client('a'), bare] }), {
    kind: 'driver-missing',
    severity: 'warning',
    subject: 'client "b"',
    problem: 'the driver "raw_exec" is not usable there: it is not enabled',
  });
  const nodes = [bare, client('a', { Drivers: { exec: driver(), raw_exec: driver({}, false) } })];
  t.same(found({ nodes }), ['error driver-missing'], 'once for both jobs');
  const away = client('b', { Drivers: {}, SchedulingEligibility: 'ineligible' });
  t.same(found({ nodes: [client('a'), away] }), [], 'nothing is placed there');
  t.end();
});

t.test('what Docker must allow', (t) => {
  const docker = (attributes: Record<string, string>) =>
    [client('a'), client('b')].map((one) => ({
      ...one,
      Drivers: { ...one.Drivers, docker: driver(attributes) },
    }));
  const jobs = (config: Record<string, unknown>) => [dockerJob(config), CONTROLLER_JOB];
  t.same(found({ jobs: jobs({}), nodes: docker({}) }), []);
  t.same(found({ jobs: jobs({ privileged: true }), nodes: docker({}) }), [
    'error privileged-not-allowed',
  ]);
  const allowed = {
    'driver.docker.privileged.enabled': 'true',
    'driver.docker.volumes.enabled': 'true',
  };
  t.same(
    found({ jobs: jobs({ privileged: true, volumes: ['/a:/b'] }), nodes: docker(allowed) }),
    [],
  );
  t.same(found({ jobs: jobs({ volumes: ['/a:/b', 'local/x:/y'] }), nodes: docker({}) }), [
    'error host-paths-not-allowed',
  ]);
  t.same(found({ jobs: jobs({ volumes: ['local/x:/y'] }), nodes: docker({}) }), []);
  t.same(found({ jobs: jobs({ network_mode: 'bridge' }), nodes: docker({}) }), [
    'warning network-not-host',
  ]);
  t.end();
});

t.test('where a node plugin mounts, and by which driver', (t) => {
  const at = (StagePublishBaseDir: string, Type = 'node', Driver = 'raw_exec') => [
    job('pannier-node', {
      Driver,
      CSIPluginConfig: { ID: 'pannier', Type, MountDir: '/csi', StagePublishBaseDir },
    }),
  ];
  t.match(only({ jobs: at('') }), {
    kind: 'wrong-base-dir',
    problem:
      'stage_publish_base_dir of its csi_plugin is "/local/csi", and should be "<data_dir>/client/csi/node/pannier"',
  });
  t.same(found({ jobs: at('/elsewhere/csi/node/pannier') }), [], 'data_dir is not known');
  const machine = { nodeId: 'node-a', stateDir: STATE_DIR, shared: true, missingDevices: [] };
  t.match(only({ jobs: at('/elsewhere/csi/node/pannier'), machine }), {
    problem: new RegExp(`should be "${STATE_DIR}/csi/node/pannier"`),
  });
  t.same(found({ jobs: at(`${STATE_DIR}/csi/node/pannier/`.replace(/\/$/, '')), machine }), []);
  t.same(found({ jobs: at('/local/csi', 'controller') }), [], 'a controller mounts nothing');
  t.same(found({ jobs: at('/local/csi', 'node', 'exec') }), ['error driver-hides-mounts']);
  const [service] = at(`${STATE_DIR}/csi/node/pannier`);
  t.same(found({ jobs: service ? [{ ...service, Type: 'service' }] : [] }), [
    'warning node-job-not-system',
  ]);
  t.end();
});

t.test('where the client keeps its state counts for jobs that run on this machine', (t) => {
  const there = job('elsewhere', {
    CSIPluginConfig: {
      ...{ ID: 'pannier', Type: 'node', MountDir: '/csi' },
      StagePublishBaseDir: '/another/data/client/csi/node/pannier',
    },
  });
  const machine = { nodeId: 'node-a', stateDir: STATE_DIR, shared: true, missingDevices: [] };
  t.same(found({ jobs: [there], machine }), [], 'a client that has another data_dir');
  const here = [{ ...allocation('running'), JobID: 'elsewhere' }];
  t.same(found({ jobs: [there], machine, pluginAllocations: here }), ['error wrong-base-dir']);
  t.end();
});

t.test('a container that may not mount', (t) => {
  const nodes = [client('a', { Drivers: { docker: driver(), raw_exec: driver() } })];
  const jobs = (config: Record<string, unknown>) => [
    job('pannier-node', {
      ...{ Driver: 'docker', Config: { network_mode: 'host', ...config } },
      CSIPluginConfig: { ID: 'pannier', Type: 'node', MountDir: '/csi' },
    }),
  ];
  const problem = (config: Record<string, unknown>) =>
    check({ jobs: jobs(config), nodes }).find(({ kind }) => kind === 'privileges-missing')?.problem;
  const devices = ['/dev/fuse', '/dev/loop-control'].map((host_path) => ({ host_path }));
  t.match(problem({}), 'has not got the capability sys_admin and /dev/fuse and /dev/loop-control');
  t.match(problem({ devices }), /has not got the capability sys_admin$/);
  t.match(problem({ cap_add: ['CAP_SYS_ADMIN'], devices: devices.slice(1) }), /got \/dev\/fuse$/);
  t.equal(problem({ cap_add: ['sys_admin'], devices }), undefined);
  t.end();
});

t.test('a plugin whose job was taken away, which Nomad has not forgotten yet', (t) => {
  const none = { ControllersHealthy: 0, ControllersExpected: 0, NodesHealthy: 0, NodesExpected: 0 };
  const left = plugin({ ID: 'left', ...none, Controllers: {}, Nodes: {} });
  t.same(found({ plugins: [plugin(), left] }), []);
  const used = [volume('data'), volume('other', { PluginID: 'left' })];
  t.same(found({ plugins: [plugin(), left], volumes: used }), [
    'error no-controller',
    'error no-node',
  ]);
  t.end();
});

t.test('what drivers say of allocations of the plugin that failed', (t) => {
  const messages = {
    'Docker privileged mode is disabled on this Nomad agent': 'privileged-not-allowed',
    'driver does not allow the following capabilities: sys_admin': 'capability-not-allowed',
    'volumes are not enabled; cannot mount host paths: [/a]': 'host-paths-not-allowed',
    'path /x is mounted on / but it is not a shared mount': 'data-dir-not-shared',
  };
  for (const [message, kind] of Object.entries(messages)) {
    t.match(only({ pluginAllocations: [allocation('dead', 'Received', message)] }), {
      kind,
      subject: 'job "pannier-node" on client "a"',
      problem: `allocation 44444444 failed: ${message}`,
    });
    t.same(found({ pluginAllocations: [allocation('running', message)] }), [], 'it got over it');
  }
  t.end();
});

t.test('what this machine lacks', (t) => {
  const machine = {
    nodeId: 'node-a',
    stateDir: STATE_DIR,
    shared: false,
    missingDevices: ['/dev/fuse'],
  };
  t.match(only({ machine }), {
    kind: 'device-missing',
    subject: 'client "a", this machine',
    problem: 'there is no /dev/fuse',
  });
  const nodes = [client('a', { Drivers: { docker: driver() } })];
  t.same(found({ machine, nodes, jobs: [dockerJob()], plugins: [], volumes: [] }), [
    'error data-dir-not-shared',
    'error device-missing',
  ]);
  const text = [
    '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
    '23 22 8:2 / /opt rw,relatime - ext4 /dev/sda2 rw',
    '24 23 8:2 /nomad /opt/nomad rw,relatime shared:7 master:2 - ext4 /dev/sda2 rw',
  ].join('\n');
  t.ok(isShared(text, '/var/lib'));
  t.notOk(isShared(text, '/opt/other'));
  t.ok(isShared(text, '/opt/nomad/data/client'));
  t.notOk(isShared(text, '/opt/nomadic'), 'a name that only begins so is another folder');
  t.end();
});

t.test('clients that are lost', (t) => {
  const nodes = [client('a'), client('b', { Status: 'down' })];
  t.match(only({ nodes }), { kind: 'client-lost', severity: 'warning', subject: 'client "b"' });
  t.end();
});

t.test('volumes without their plugin, and volumes that are one image', (t) => {
  t.match(
    only({ volumes: [volume('data'), volume('old', { PluginID: 'gone', Namespace: 'web' })] }),
    {
      kind: 'volume-without-plugin',
      subject: 'volume "old" in namespace "web"',
    },
  );
  t.match(only({ volumes: [volume('data', { Provider: 'rbd.csi.ceph.com' })] }), {
    kind: 'provider-differs',
    remedy: /driver_name = "rbd\.csi\.ceph\.com"/,
  });
  const twin = volume('twin', { ExternalID: 'ceph/rbd/data' });
  t.match(only({ volumes: [volume('data'), twin] }), {
    kind: 'registered-twice',
    subject: 'volume "data" and volume "twin"',
  });
  t.end();
});

t.test('claims of allocations that are over or forgotten', (t) => {
  const claimed = (Allocations: unknown[]) =>
    [{ ...volume('data'), Allocations, WriteAllocs: { one: null }, ReadAllocs: {} }] as never;
  const over = { ID: 'one', ClientStatus: 'lost', DesiredStatus: 'stop' };
  t.match(only({ claimed: claimed([over]) }), { kind: 'claim-stuck', subject: 'volume "data"' });
  t.match(only({ claimed: claimed([]) }), { kind: 'claim-stuck' });
  t.same(found({ claimed: claimed([{ ...over, ClientStatus: 'running' }]) }), []);
  t.end();
});

t.test('jobs that want volumes which are not there, or one for many', (t) => {
  const wants = (
    volumes: ReturnType<typeof request>[],
    count = 1,
    Namespace = 'default',
    canary = 0,
  ) => [
    NODE_JOB,
    CONTROLLER_JOB,
    job('db', { Driver: 'exec' }, { Type: 'service', count, canary, volumes, Namespace }),
  ];
  t.match(only({ jobs: wants([request({ Source: 'missing' })]) }), {
    kind: 'volume-missing',
    subject: 'job "db", group "group"',
    problem: 'it wants volume "missing", and there is none in namespace "default"',
  });
  t.match(only({ jobs: wants([request()], 1, 'web') }), { kind: 'volume-missing' });
  const own = request({ PerAlloc: true });
  t.match(only({ jobs: wants([own], 2), volumes: [volume('data'), volume('data[0]')] }), {
    problem: /volume "data\[1\]"/,
  });
  t.match(only({ jobs: wants([request()], 2) }), {
    kind: 'one-volume-for-many',
    severity: 'warning',
  });
  t.match(only({ jobs: wants([request()], 1, 'default', 1) }), {
    kind: 'canary-without-volume',
    severity: 'warning',
    remedy: /canary = 0/,
  });
  const shared = request({ AccessMode: 'multi-node-reader-only' });
  t.same(found({ jobs: wants([shared], 2, 'default', 1) }), []);
  t.same(found({ jobs: wants([request({ Type: 'host', Source: 'missing' })]) }), []);
  t.end();
});

t.test('all of it is found by these tests, and is in the reference', (t) => {
  t.same([...seen].sort(), [...FINDING_KINDS]);
  t.same([...referenceRows('nomad-check.md').keys()].sort(), [...FINDING_KINDS]);
  t.end();
});
