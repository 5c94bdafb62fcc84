import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadSettings } from '../../src/config/load.js';
import { CLUSTER_OPTIONS, clusterFlag, OPTIONS } from '../../src/config/options.js';
import type { Diagnostic } from '../../src/spec/diagnostic.js';
import { renderDiagnostics } from '../../src/spec/render.js';

/** Two keys as Ceph makes them: a header of 12 bytes and 16 more. */
const KEY = Buffer.from('key of a test, 28 bytes long').toString('base64');
const OTHER_KEY = Buffer.from('another key of 28 bytes long').toString('base64');

type Words = Readonly<Record<string, string | undefined>>;

/** A folder with a ceph.conf, a key file, and what it takes to load a text as the configuration file. */
function here(t: Test) {
  const folder = t.testdir({ 'ceph.conf': '[global]\n', key: `${KEY}\n` });
  const conf = join(folder, 'ceph.conf');
  const keyFile = join(folder, 'key');
  chmodSync(keyFile, 0o600);
  const file = join(folder, 'pannier.hcl');
  const load = (text: string, flags: Words = {}, env: Words = {}) => {
    writeFileSync(file, text, { mode: 0o600 });
    return loadSettings({ file, flags, env });
  };
  return { folder, conf, keyFile, file, load };
}

/** Only the environment and flags. */
function bare(flags: Words, env: Words = {}) {
  return loadSettings({ file: undefined, flags, env });
}

const ENOUGH = 'endpoint = "unix:///csi.sock"\ncluster "a" { monitors = ["192.0.2.1"] }\n';

/** "12:3 error: what is wrong", and no place for what has none. */
function told({ severity, summary, range }: Diagnostic): string {
  const place = range === undefined ? '' : `${range.start.line}:${range.start.column} `;
  return `${place}${severity}: ${summary}`;
}

t.test('the least that is needed, and what the rest is then', async (t) => {
  const { file, load } = here(t);
  const { settings, diagnostics, sources } = load(ENOUGH);
  t.same(diagnostics, []);
  t.equal(sources.get(file), ENOUGH);
  t.same(settings, {
    mode: 'all',
    endpoint: 'unix:///csi.sock',
    driverName: 'csi.pannier.rbd',
    nodeId: hostname(),
    scope: 'cluster',
    hostId: undefined,
    outages: 'report',
    stateDir: '/var/lib/pannier',
    logLevel: 'info',
    mapper: 'auto',
    retentionMs: 0,
    clusters: [
      {
        name: 'a',
        conf: undefined,
        monitors: ['192.0.2.1'],
        user: 'pannier',
        key: undefined,
        keyFile: undefined,
        pool: 'rbd',
      },
    ],
    consul: undefined,
    registration: undefined,
  });
});

t.test('a file can say everything, of many clusters', async (t) => {
  const { conf, keyFile, load } = here(t);
  const { settings, diagnostics } = load(`
mode            = "node"
endpoint        = "tcp://127.0.0.1:10000"
driver_name     = "csi.example.org"
node_id         = "node 1"
scope           = "host"
host_id         = "rack-1.host-2"
state_dir       = "/srv/state"
log_level       = "debug"
mapper          = "fuse"
default_cluster = "second"
cluster "first" {
  conf = ${JSON.stringify(conf)}
  user = "one"
  key_file = ${JSON.stringify(keyFile)}
  pool = "fast"
}
cluster "second" {
  monitors = ["192.0.2.1:6789", "[2001:db8::1]:3300", "mon.example.org"]
  key = "${KEY}"
}
cluster "third" { monitors = " 192.0.2.1 , 192.0.2.2:6789," }
`);
  t.same(diagnostics, []);
  t.match(settings, {
    mode: 'node',
    endpoint: 'tcp://127.0.0.1:10000',
    driverName: 'csi.example.org',
    nodeId: 'node 1',
    scope: 'host',
    hostId: 'rack-1.host-2',
    stateDir: '/srv/state',
    logLevel: 'debug',
    mapper: 'fuse',
  });
  const second = {
    name: 'second',
    conf: undefined,
    monitors: ['192.0.2.1:6789', '[2001:db8::1]:3300', 'mon.example.org'],
    user: 'pannier',
    key: KEY,
    keyFile: undefined,
    pool: 'rbd',
  };
  const first = {
    name: 'first',
    conf,
    monitors: [],
    user: 'one',
    key: undefined,
    keyFile,
    pool: 'fast',
  };
  const third = {
    ...second,
    name: 'third',
    key: undefined,
    monitors: ['192.0.2.1', '192.0.2.2:6789'],
  };
  t.same(settings?.clusters, [second, first, third], 'the default one first, the others in order');
});

t.test('a flag goes over the environment, that over the file, that over the default', async (t) => {
  const { load } = here(t);
  const layers: ReadonlyArray<[keyof typeof OPTIONS, string, string, string]> = [
    ['mode', 'controller', 'node', 'all'],
    ['endpoint', 'unix:///flag.sock', 'unix:///env.sock', 'unix:///file.sock'],
    ['driverName', 'flag', 'env', 'file'],
    ['nodeId', 'flag', 'env', 'file'],
    ['scope', 'host', 'cluster', 'host'],
    ['hostId', 'flag', 'env', 'file'],
    ['stateDir', '/flag', '/env', '/file'],
    ['logLevel', 'debug', 'warn', 'error'],
    ['mapper', 'fuse', 'krbd', 'nbd'],
  ];
  for (const [name, flag, env, inFile] of layers) {
    const { key, env: variable } = OPTIONS[name];
    const flagName = key.replaceAll('_', '-');
    const rest = name === 'endpoint' ? ENOUGH.split('\n').slice(1).join('\n') : ENOUGH;
    const text = `${key} = "${inFile}"\n${rest}`;
    const value = (flags: Words, environment: Words, written = text) =>
      (load(written, flags, environment).settings as Record<string, unknown> | undefined)?.[name];
    t.equal(value({ [flagName]: flag }, { [variable]: env }), flag, `-${flagName}`);
    t.equal(value({}, { [variable]: env }), env, variable);
    t.equal(value({ [flagName]: '' }, { [variable]: '' }), inFile, `${key}: empty is not given`);
    t.equal(value({ [flagName]: undefined }, {}), inFile, key);
    if ('fallback' in OPTIONS[name]) t.equal(value({}, {}, ENOUGH), OPTIONS[name].fallback);
  }
});

t.test(
  'deleted volumes are kept for as long as is said, and only where they are kept',
  async (t) => {
    const { load } = here(t);
    const kept = (text: string, flags: Words = {}, env: Words = {}) =>
      load(`${text}\n${ENOUGH}`, flags, env).settings?.retentionMs;
    const HOUR = 3_600_000;
    t.equal(kept('trash_retention = "90m"'), 0);
    t.equal(kept('deletion = "trash"'), 7 * 24 * HOUR);
    const inFile = 'deletion = "trash"\ntrash_retention = "90m"';
    t.equal(kept(inFile), 1.5 * HOUR);
    t.equal(kept(inFile, {}, { PANNIER_TRASH_RETENTION: '2h' }), 2 * HOUR);
    const flags = { 'trash-retention': '3h' };
    t.equal(kept(inFile, flags, { PANNIER_TRASH_RETENTION: '2h' }), 3 * HOUR);
    t.equal(kept(inFile, flags, { PANNIER_DELETION: 'purge' }), 0);
    t.equal(kept(inFile, { ...flags, deletion: 'trash' }, { PANNIER_DELETION: 'purge' }), 3 * HOUR);
  },
);

t.test('flags and variables mean the only cluster, with a file or without', async (t) => {
  const { conf, keyFile, load } = here(t);
  const flags = { endpoint: '/csi.sock' };
  const env = {
    PANNIER_CEPH_CONF: conf,
    PANNIER_CEPH_USER: 'env',
    PANNIER_CEPH_KEY_FILE: keyFile,
    PANNIER_CEPH_POOL: 'env-pool',
  };
  const common = { conf, monitors: [], user: 'env', key: undefined, keyFile };
  t.same(bare({ ...flags, 'ceph-pool': 'flag-pool' }, env).settings?.clusters, [
    { name: 'ceph', ...common, pool: 'flag-pool' },
  ]);
  t.same(load('endpoint = "/csi.sock"\n', {}, env).settings?.clusters, [
    { name: 'ceph', ...common, pool: 'env-pool' },
  ]);
  t.same(load('cluster "a" { pool = "file-pool" }', flags, env).settings?.clusters, [
    { name: 'a', ...common, pool: 'env-pool' },
  ]);
  t.match(bare(flags, { PANNIER_CEPH_MONITORS: '192.0.2.1,192.0.2.2', PANNIER_CEPH_KEY: KEY }), {
    diagnostics: [],
    settings: { clusters: [{ monitors: ['192.0.2.1', '192.0.2.2'], key: KEY }] },
  });
  const two = load(`${ENOUGH}cluster "b" { monitors = ["192.0.2.2"] }`, { 'ceph-pool': 'x' }, env);
  t.same(two.diagnostics, []);
  t.match(
    two.settings?.clusters,
    [{ pool: 'rbd' }, { pool: 'rbd', conf: undefined }],
    'of several none',
  );
});

t.test(
  'quotas are for the default pool or for named ones, and images of others for places',
  async (t) => {
    const { load } = here(t);
    const cluster = (words: string) =>
      load(`endpoint = "unix:///csi.sock"
cluster "a" {
  monitors = "192.0.2.1"
  pool     = "own"
  ${words}
}
`);
    const first = (words: string) => cluster(words).settings?.clusters[0];
    t.same(first('quota = "500GiB"')?.quotas, { own: 500n << 30n });
    t.same(first('quota = ["1GiB", "fast = 2 TiB", "slow=0"]')?.quotas, {
      ...{ own: 1n << 30n, fast: 2n << 40n, slow: 0n },
    });
    t.same(first('foreign_images = "rbd, archive/team"')?.foreignImages, [
      { pool: 'rbd', namespace: '' },
      { pool: 'archive', namespace: 'team' },
    ]);
    for (const [words, problem] of [
      ['quota = "many"', /expected a size such as 500GiB in "many"/],
      ['quota = "=5GiB"', /expected a pool before "=5GiB"/],
      ['quota = "fast=1GiB,fast=2GiB"', /second quota/i],
      ['foreign_images = "a/b/c"', /expected pool or pool\/namespace/i],
      ['foreign_images = "a/"', /expected pool or pool\/namespace/i],
    ] as const) {
      const { settings, diagnostics } = cluster(words);
      t.equal(settings, undefined, words);
      t.match(
        diagnostics[0],
        { summary: /invalid value/, detail: new RegExp(problem, 'i') },
        words,
      );
      t.equal(diagnostics[0]?.range?.start.line, 5);
    }
  },
);

t.test(
  'a host without a quota is warned of: every host would tell all that there is',
  async (t) => {
    const { load } = here(t);
    const lines = (text: string) => load(text).diagnostics.map(told);
    const warning = 'warning: scope = "host" and no quota of cluster "a"';
    t.same(lines(`scope = "host"\n${ENOUGH}`), [warning]);
    t.same(lines(`scope = "host"\nmode = "node"\n${ENOUGH}`), [], 'a node tells no room');
    t.same(load(`scope = "host"\n${ENOUGH}`, { 'ceph-quota': '1GiB' }).diagnostics, []);
  },
);

t.test('a host has an id of letters, digits, dots, dashes and underscores', async (t) => {
  const { load } = here(t);
  for (const id of ['a b', 'a/b', 'x'.repeat(65), 'ä'])
    t.equal(load(`host_id = "${id}"\n${ENOUGH}`).settings, undefined, id);
});

t.test('each mistake in a file is told with its line and column', async (t) => {
  const { folder, conf, keyFile, file, load } = here(t);
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'no-key'), 'not a key\n', { mode: 0o600 });
  const inCluster = (line: string) => `endpoint = "/x"\ncluster "a" {\n  ${line}\n}\n`;
  const monitors = 'monitors = ["192.0.2.1"]';
  const cases: ReadonlyArray<[string, ...string[]]> = [
    [`mode = "both"\n${ENOUGH}`, '1:8 error: mode: invalid value "both"'],
    [ENOUGH.replace('unix://', 'udp://'), '1:12 error: endpoint: invalid value "udp:///csi.sock"'],
    [ENOUGH.replace('endpoint', '# endpoint'), 'error: no endpoint'],
    [`driver_name = "-x"\n${ENOUGH}`, '1:15 error: driver_name: invalid value "-x"'],
    [
      `node_id = "${'n'.repeat(257)}"\n${ENOUGH}`,
      `1:11 error: node_id: invalid value "${'n'.repeat(257)}"`,
    ],
    [`state_dir = "here"\n${ENOUGH}`, '1:13 error: state_dir: invalid value "here"'],
    [`  log_level="loud"\n${ENOUGH}`, '1:13 error: log_level: invalid value "loud"'],
    [`mapper = "magic"\n${ENOUGH}`, '1:10 error: mapper: invalid value "magic"'],
    [`deletion = "never"\n${ENOUGH}`, '1:12 error: deletion: invalid value "never"'],
    [`trash_retention = "soon"\n${ENOUGH}`, '1:19 error: trash_retention: invalid value "soon"'],
    [
      `${ENOUGH}default_cluster = "b"\n`,
      '3:19 error: default_cluster: there is no cluster "b"; did you mean "a"?',
    ],
    [
      `${ENOUGH}\n  stat_dir = "/x"\n`,
      '4:3 error: unknown setting "stat_dir"; did you mean "state_dir"?',
    ],
    [`${ENOUGH}mode = "all"\nmode = "node"\n`, '4:1 error: "mode" is written twice'],
    [`${ENOUGH}mode = 5\n`, '3:8 error: "mode" is a number'],
    [`${ENOUGH}mode = ["all", 5]\n`, '3:8 error: "mode" is a list'],
    [`${ENOUGH}volume "x" {}\n`, '3:1 error: unknown block "volume"'],
    [`${ENOUGH}cluster { }\n`, '3:1 error: a cluster has one name'],
    [`${ENOUGH}cluster "b" "c" { }\n`, '3:1 error: a cluster has one name'],
    [`${ENOUGH}cluster = "b"\n`, '3:1 error: a cluster has one name'],
    [`${ENOUGH}cluster "a" { ${monitors} }\n`, '3:9 error: cluster "a" is written twice'],
    [`${ENOUGH}cluster "b/c" { ${monitors} }\n`, '3:9 error: "b/c" cannot be a cluster\'s name'],
    [
      `${ENOUGH}cluster "${'c'.repeat(33)}" { ${monitors} }\n`,
      `3:9 error: "${'c'.repeat(33)}" cannot be a cluster's name`,
    ],
    [
      inCluster(`${monitors}\n  pools = "x"`),
      '4:3 error: unknown setting "pools"; did you mean "pool"?',
    ],
    [inCluster(`${monitors}\n  inner { }`), '4:3 error: unknown block "inner" in a cluster'],
    [inCluster(`${monitors}\n  pool = "a/b"`), '4:10 error: pool: invalid value "a/b"'],
    [inCluster(`${monitors}\n  user = "client.a"`), '4:10 error: user: invalid value "client.a"'],
    [inCluster(`${monitors}\n  key = "short"`), '4:9 error: key: invalid value'],
    [
      inCluster(`${monitors}\n  key = "${KEY}"\n  key_file = ${JSON.stringify(keyFile)}`),
      '2:9 error: cluster "a": both key and key_file',
    ],
    [
      inCluster(`${monitors}\n  conf = ${JSON.stringify(conf)}`),
      '2:9 error: cluster "a": both conf and monitors',
    ],
    [inCluster('conf = "/no/such"'), '2:9 error: cluster "a": cannot read its conf'],
    [
      inCluster('conf = "no/such"'),
      '3:10 error: conf: invalid value "no/such"',
      '2:9 error: cluster "a": cannot read its conf',
    ],
    [
      inCluster('monitors = ["a b", "192.0.2.1:x"]'),
      '2:9 error: cluster "a": monitor "a b"',
      '2:9 error: cluster "a": monitor "192.0.2.1:x"',
    ],
    [
      inCluster(`${monitors}\n  key_file = "${folder}/none"`),
      '2:9 error: cluster "a": cannot read its key_file',
    ],
    [
      inCluster(`${monitors}\n  key_file = "${folder}/no-key"`),
      `2:9 error: cluster "a": ${folder}/no-key does not hold a key`,
    ],
    [`${ENOUGH}mode = "all\n`, '3:8 error: This string is never closed'],
  ];
  for (const [text, ...expected] of cases) {
    const { settings, diagnostics, sources } = load(text);
    const title = expected.join(', ');
    t.equal(settings, undefined, title);
    t.same(diagnostics.map(told), expected, title);
    for (const { detail, range } of diagnostics) {
      t.match(detail, /^[A-Z`"/].*[.]$/s, `${title}: what to do, in a sentence`);
      if (range === undefined) continue;
      t.equal(range.file, file);
      t.match(renderDiagnostics(diagnostics, sources, { colour: false }), `on ${file}:`);
    }
  }
});

t.test('mistakes outside the file name the flag or the variable', async (t) => {
  const { load } = here(t);
  for (const [name, option] of Object.entries(OPTIONS)) {
    if (name === 'defaultCluster') continue;
    const bad = name === 'nodeId' ? 'a\nb' : ' ';
    const flag = option.key.replaceAll('_', '-');
    const expected = (source: string) => [`error: ${source}: invalid value "${bad}"`];
    t.same(load(ENOUGH, { [flag]: bad }).diagnostics.map(told), expected(`-${flag}`));
    t.same(load(ENOUGH, {}, { [option.env]: bad }).diagnostics.map(told), expected(option.env));
  }
  for (const key of ['user', 'pool'] as const) {
    const { env } = CLUSTER_OPTIONS[key];
    const flag = clusterFlag(key);
    const expected = (source: string) => [`error: ${source}: invalid value "a/b c"`];
    t.same(load(ENOUGH, { [flag]: 'a/b c' }).diagnostics.map(told), expected(`-${flag}`));
    t.same(load(ENOUGH, {}, { [env]: 'a/b c' }).diagnostics.map(told), expected(env));
  }
  const named = `default_cluster = "a"\n${ENOUGH}`;
  for (const [flags, env] of [
    [{ 'default-cluster': 'aa' }, {}],
    [{}, { PANNIER_DEFAULT_CLUSTER: 'aa' }],
  ] as const)
    t.same(load(named, flags, env).diagnostics.map(told), [
      'error: default_cluster: there is no cluster "aa"; did you mean "a"?',
    ]);
  t.match(bare({ 'ceph-monitors': '192.0.2.1' }).diagnostics, [
    { summary: 'no endpoint', detail: /CSI_ENDPOINT.*-endpoint/ },
  ]);
  t.same(bare({ endpoint: '/x', 'ceph-conf': '/no/such' }).diagnostics.map(told), [
    'error: cluster "ceph": cannot read its conf',
  ]);
});

t.test('all mistakes are told at once', async (t) => {
  const { load } = here(t);
  const text = 'mode = "x"\nmapper = "y"\nodd = 1\ncluster "a" {\n  pool = "/"\n  user = "@"\n}\n';
  t.same(
    load(text, { 'log-level': 'z', 'ceph-monitors': '192.0.2.1' }).diagnostics.map(told).sort(),
    [
      '1:8 error: mode: invalid value "x"',
      '2:10 error: mapper: invalid value "y"',
      '3:1 error: unknown setting "odd"',
      '5:10 error: pool: invalid value "/"',
      '6:10 error: user: invalid value "@"',
      'error: -log-level: invalid value "z"',
      'error: no endpoint',
    ],
  );
});

t.test('a file that cannot be read is told, and the rest is checked all the same', async (t) => {
  const { folder } = here(t);
  mkdirSync(join(folder, 'folder'));
  for (const [name, reason] of [
    ['none.hcl', /ENOENT/],
    ['folder', /EISDIR/],
  ] as const) {
    const file = join(folder, name);
    const { settings, diagnostics } = loadSettings({
      file,
      flags: { endpoint: '/x', mode: 'y', 'ceph-monitors': '192.0.2.1' },
      env: {},
    });
    t.equal(settings, undefined);
    t.match(diagnostics, [
      { summary: `cannot read ${file}`, detail: reason },
      { summary: /^-mode/ },
    ]);
  }
});

t.test('a key that others can read is warned of, and no key is ever shown', async (t) => {
  const { folder, keyFile, file, load } = here(t);
  const withKey = `endpoint = "/x"\ncluster "a" {\n  monitors = ["192.0.2.1"]\n  key = "${KEY}"\n}\n`;
  t.same(load(withKey).diagnostics, []);
  chmodSync(file, 0o644);
  const readable = load(withKey);
  t.same(readable.diagnostics.map(told), [`warning: ${file} holds a key and everyone can read it`]);
  t.equal(readable.settings?.clusters[0]?.key, KEY, 'it can be used all the same');
  chmodSync(file, 0o600);

  chmodSync(keyFile, 0o604);
  const flags = { endpoint: '/x', 'ceph-monitors': '192.0.2.1', 'ceph-key-file': keyFile };
  const keyed = bare(flags);
  t.same(keyed.diagnostics.map(told), [`warning: everyone can read ${keyFile}`]);
  t.equal(keyed.settings?.clusters[0]?.keyFile, keyFile);

  writeFileSync(join(folder, 'secret-file'), 'no key, and secret');
  const secrets = [KEY, OTHER_KEY.slice(0, 20), 'no key, and secret'];
  const texts = [
    withKey.replace('"/x"', '"bad"'),
    withKey.replace('key = ', 'key_file = "/none"\n  key = '),
    withKey.replace('  key', '  odd = 1 key'),
    withKey.replace(KEY, OTHER_KEY.slice(0, 20)),
    withKey.replace('\n}', `\n  key = "${OTHER_KEY.slice(0, 20)}"\n}`),
    withKey.replace(/ {2}key = .*/, `  key_file = "${folder}/secret-file"`),
  ];
  for (const text of texts) {
    const { settings, diagnostics, sources } = load(text, {}, { PANNIER_CEPH_KEY: undefined });
    t.equal(settings, undefined, text);
    const shown = `${renderDiagnostics(diagnostics, sources, { colour: false })} ${JSON.stringify(diagnostics)}`;
    for (const secret of secrets) t.notMatch(shown, secret);
  }
  const fromEnv = load(ENOUGH, {}, { PANNIER_CEPH_KEY: OTHER_KEY.slice(0, 20) });
  t.same(fromEnv.diagnostics.map(told), ['error: PANNIER_CEPH_KEY: invalid value']);
});
