import { mkdirSync, writeFileSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';
import { checkFiles } from '../../src/mesos/files/check.js';
import { diagnosticLine } from '../../src/spec/render.js';
import { pannier } from '../cli/pannier.js';
import { startCeph } from '../lab/ceph.js';
import { labFolder } from '../lab/folder.js';
import { clusterBlock } from '../lab/plugin.js';
import { STOCK } from './stock.js';

const stock = async (path: string) =>
  JSON.parse(await readFile(join(STOCK, 'agent', path), 'utf8'));
const provider = await stock('resource-providers/ceph_rbd.json');
const plugin = await stock('csi-plugins/tasks.json');
const profiles = await stock('disk-profiles.json');
const modules = await stock('modules.json');
const [container] = provider.storage.plugin.containers;
const [library] = modules.libraries;
const [adaptor] = library.modules;
const { 'rbd-ext4': ext4 } = profiles.profile_matrix;

const CLUSTERS = { names: ['ceph'], nameOf: () => undefined, defaultPool: () => 'rbd' };

/** What is told of a file, line by line: "3:11: …". */
function told(document: unknown, path = 'x.json'): string[] {
  const text = typeof document === 'string' ? document : JSON.stringify(document, undefined, 2);
  const { diagnostics } = checkFiles([{ path, text }], CLUSTERS);
  return diagnostics.map((one) => diagnosticLine(one).replace(`${path}:`, ''));
}

const withPlugin = (change: object) => ({
  ...provider,
  storage: { ...provider.storage, plugin: { ...provider.storage.plugin, ...change } },
});
const withProfile = (change: object) => ({ profile_matrix: { one: { ...ext4, ...change } } });
const withAdaptor = (...parameters: readonly object[]) => ({
  libraries: [{ ...library, modules: [{ ...adaptor, parameters }] }],
});

t.test('what Mesos and the plugin take is not told of', async (t) => {
  for (const file of [provider, plugin, profiles, modules]) t.same(told(file), []);
  const endpoint = { csi_service: 'NODE_SERVICE', endpoint: 'unix:///run/csi.sock' };
  t.same(told({ type: 'csi.pannier.rbd', endpoints: [endpoint] }), []);
});

const MISTAKES: ReadonlyArray<readonly [string, unknown, RegExp]> = [
  [
    'a file cut short',
    JSON.stringify(profiles).slice(0, 60),
    /^1:\d+: The file ends inside of this/,
  ],
  ['a string cut short', '{ "type": "csi.pan', /^1:11: The file ends inside of this/],
  ['no JSON', '{ "type": csi }', /^1:11: A value is expected/],
  ['a comma too many', '{ "a": [1,] }', /^1:11: A value is expected/],
  ['no file that Mesos reads', { a: 1 }, /^1:1: This is none of the files/],
  ['a key twice', '{ "type": "a.b", "type": "a.b", "endpoints": [] }', /"type" is written twice/],
  ['a provider with an id', { ...provider, id: { value: 'x' } }, /refuses a provider with an "id"/],
  [
    "a provider's name with a dash",
    { ...provider, name: 'ceph-rbd' },
    /^3:11: Mesos refuses "ceph-rbd" as a name/,
  ],
  [
    'another kind of provider',
    { ...provider, type: 'org.example' },
    /^2:11: There is no such resource provider/,
  ],
  [
    'a provider without storage',
    { ...provider, storage: undefined },
    /"storage" is missing in a resource provider/,
  ],
  [
    'a reservation for all',
    { ...provider, default_reservations: [{ type: 'DYNAMIC', role: '*' }] },
    /"\*" is no role/,
  ],
  [
    "a plugin's type with a dash",
    withPlugin({ type: 'csi.pannier-rbd' }),
    /refuses "csi.pannier-rbd" as a type/,
  ],
  ["a plugin's name with a dot", withPlugin({ name: 'a.b' }), /refuses "a.b" as a name/],
  [
    'a provider whose plugin runs already',
    withPlugin({ endpoints: [] }),
    /takes no plugin that runs already/,
  ],
  [
    'a provider without a controller',
    withPlugin({ containers: [{ ...container, services: ['NODE_SERVICE'] }] }),
    /CONTROLLER_SERVICE\. The whole agent ends/,
  ],
  [
    'a provider without a node',
    withPlugin({ containers: [{ ...container, services: ['CONTROLLER_SERVICE'] }] }),
    /No container has NODE_SERVICE/,
  ],
  [
    'an unknown service',
    withPlugin({ containers: [{ ...container, services: ['NODE_SERVICES'] }] }),
    /"NODE_SERVICES" is no value.*mean "NODE_SERVICE"/,
  ],
  [
    'a container without a command',
    withPlugin({ containers: [{ ...container, command: {} }] }),
    /no command to run/,
  ],
  [
    'a text for a number',
    { ...provider, storage: { ...provider.storage, reconciliation_interval_seconds: '60' } },
    /is a string\. Expected a number/,
  ],
  [
    'a key that Mesos ignores',
    withPlugin({ container: [] }),
    /does not know "container" here.*mean "containers"/,
  ],
  [
    'a plugin of nothing',
    { type: 'csi.x', target_path_root: '/x' },
    /needs "containers" or "endpoints"\. The whole agent/,
  ],
  [
    'a plugin of both',
    { ...plugin, endpoints: [{ csi_service: 'NODE_SERVICE', endpoint: 'unix:///x' }] },
    /and not both/,
  ],
  [
    'an endpoint without unix://',
    { type: 'csi.x', endpoints: [{ csi_service: 'NODE_SERVICE', endpoint: '/run/x' }] },
    /begins with unix:.*no plugin is ever reached/,
  ],
  [
    'a profile without a selector',
    withProfile({ csi_plugin_type_selector: undefined }),
    /no selector\. Mesos ignores the whole map/,
  ],
  [
    'a profile with two',
    withProfile({ resource_provider_selector: { resource_providers: [] } }),
    /two selectors/,
  ],
  [
    'a profile without access',
    withProfile({ volume_capabilities: { access_mode: { mode: 'SINGLE_NODE_WRITER' } } }),
    /neither "mount" nor "block"/,
  ],
  [
    'a mode of CSI 1',
    withProfile({
      volume_capabilities: { block: {}, access_mode: { mode: 'SINGLE_NODE_MULTI_WRITER' } },
    }),
    /is no value for "mode"/,
  ],
  [
    'a shared file system',
    withProfile({
      volume_capabilities: { mount: {}, access_mode: { mode: 'MULTI_NODE_MULTI_WRITER' } },
    }),
    /needs a block volume/,
  ],
  [
    'an unknown file system',
    withProfile({
      volume_capabilities: {
        mount: { fs_type: 'zfs' },
        access_mode: { mode: 'SINGLE_NODE_WRITER' },
      },
    }),
    /file system "zfs" is not supported/,
  ],
  [
    'an unknown parameter',
    withProfile({ create_parameters: { pol: 'rbd' } }),
    /^\d+:28: Profile "one": .*"pol".*mean "pool"/,
  ],
  [
    'an unknown cluster',
    withProfile({ create_parameters: { cluster: 'cold' } }),
    /Profile "one": .*"cold"/,
  ],
  ['no profile', { profile_matrix: {} }, /There is no profile/],
  ['modules without a map', withAdaptor(), /needs the parameter "uri"/],
  [
    'a map at no place',
    withAdaptor({ key: 'uri', value: 'profiles.json' }),
    /no absolute path, http/,
  ],
  [
    'a time that Mesos does not read',
    withAdaptor({ key: 'uri', value: '/x' }, { key: 'poll_interval', value: '30s' }),
    /"30s" is no time of Mesos's/,
  ],
];

t.test('mistakes, each with its place', async (t) => {
  for (const [name, document, message] of MISTAKES) {
    const lines = told(document);
    t.ok(
      lines.some((line) => message.test(line)),
      `${name}: ${lines.join(' | ')}`,
    );
    t.ok(
      lines.every((line) => /^\d+:\d+: /.test(line)),
      `${name} has a place`,
    );
  }
});

t.test('files that are right each, and not together', async (t) => {
  const together = (...documents: readonly object[]) => {
    const files = documents.map((one, index) => ({
      path: `${index}.json`,
      text: JSON.stringify(one),
    }));
    return checkFiles(files, undefined).diagnostics.map(diagnosticLine);
  };
  t.match(together(provider, provider), [/Provider "ceph_rbd" is in another file.*0.json:1/, /./]);
  const sameName = { ...plugin, name: 'disks' };
  t.match(together(provider, sameName), [/ends the containers of the one for the other/]);
  const other = {
    profile_matrix: { one: { ...ext4, csi_plugin_type_selector: { plugin_type: 'csi.x' } } },
  };
  t.match(together(provider, other), [/for a plugin that no provider here has/]);
});

t.test('the command: what is wrong has its file and line, and pools are asked for', async (t) => {
  const ceph = await startCeph();
  const folder = labFolder();
  const config = join(folder, 'pannier.hcl');
  writeFileSync(config, clusterBlock(ceph.settings), { mode: 0o600 });
  await cp(join(STOCK, 'agent'), join(folder, 'mesos'), { recursive: true });
  const check = (...words: string[]) =>
    pannier(['mesos', 'check', ...words, join(folder, 'mesos')]);
  const plain = await check(`-config=${config}`);
  t.equal(plain.code, 0, plain.stderr);
  t.match(plain.stdout, /ceph_rbd.json: provider: valid$/m);

  const map = join(folder, 'mesos', 'disk-profiles.json');
  writeFileSync(map, (await readFile(map, 'utf8')).replace('"rbd"', '"cold"'));
  const asked = await check(`-config=${config}`, '-ceph', '-json');
  t.equal(asked.code, 2);
  const { valid, diagnostics } = JSON.parse(asked.stdout);
  t.equal(valid, false);
  t.match(diagnostics[0], {
    summary: /pool "cold" does not exist/,
    range: { start: { line: 18 } },
  });

  const file = join(folder, 'mesos', 'resource-providers', 'ceph_rbd.json');
  writeFileSync(file, (await readFile(file, 'utf8')).replace('"ceph_rbd"', '"ceph-rbd"'));
  const bad = await check();
  t.match(bad, { code: 2, stdout: '' });
  t.match(bad.stderr, /Mesos refuses "ceph-rbd" as a name\n\n {2}on .*ceph_rbd.json:3:11/);
});

t.test('a site that Mesos would not take is not written', async (t) => {
  const folder = labFolder();
  const site = join(folder, 'site.hcl');
  const config = async (text: string, ...words: string[]) => {
    mkdirSync(dirname(site), { recursive: true });
    writeFileSync(site, text);
    return pannier(['mesos', 'config', `-out=${join(folder, 'out')}`, ...words, site]);
  };
  const right = await readFile(join(STOCK, 'site.hcl'), 'utf8');
  for (const [before, after, message] of [
    [
      'provider "ceph_rbd"',
      'provider "ceph-rbd"',
      /refuses the name "ceph-rbd"[\s\S]*site.hcl:\d+/,
    ],
    ['"csi.pannier.rbd"', '"csi.pannier-rbd"', /refuses the name "csi.pannier-rbd"/],
    [
      'reconcile_seconds = 60',
      'reconcile_secs = 60',
      /unknown "reconcile_secs"[\s\S]*reconcile_seconds/,
    ],
    ['"ext4"', '"zfs"', /file system "zfs" is not supported/],
    ['filesystem/linux,volume/csi', 'filesystem/linux', /lacks volume\/csi/],
    ['"30secs"', '"30s"', /is no time of Mesos's/],
    ['"block-device"', '"disk"', /"attachment_mode" is "disk"/],
  ] as const) {
    const { code, stderr } = await config(right.replace(before, after));
    t.equal(code, 2, after);
    t.match(stderr, message);
  }
  t.equal((await config(right)).code, 0);
  const changed = await config(right.replace('"noatime"', '"relatime"'));
  t.equal(changed.code, 2);
  t.match(changed.stderr, /Profile "rbd-ext4" is another one than in the map that is there/);
  const gone = await config(right.replace('"rbd-block"', '"rbd-raw"'));
  t.equal(gone.code, 0, gone.stderr);
  t.match(gone.stderr, /Profile "rbd-block" is no longer there/);
});
