import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type LoadOptions, loadSettings } from '../../src/config/load.js';
import type { Diagnostic } from '../../src/spec/diagnostic.js';
import { renderDiagnostics } from '../../src/spec/render.js';

const ENOUGH = 'endpoint = "unix:///csi.sock"\ncluster "a" { monitors = ["192.0.2.1"] }\n';
const TOKEN = 'b1gs33cr3t-of-consul';

type Words = LoadOptions['flags'];

function load(text: string, flags: Words = {}, env: Words = {}) {
  return loadSettings({ file: [{ name: 'value', text }], flags, env });
}

/** "12:3 error: what is wrong", and no place for what has none. */
function told({ severity, summary, range }: Diagnostic): string {
  const place = range === undefined ? '' : `${range.start.line}:${range.start.column} `;
  return `${place}${severity}: ${summary}`;
}

function files(t: Test) {
  const folder = t.testdir({ token: `${TOKEN}\n`, ca: '', cert: '', key: '' });
  return (name: string) => join(folder, name);
}

t.test('where nothing asks for Consul its variables are not looked at', async (t) => {
  const env = { CONSUL_HTTP_ADDR: 'a b', CONSUL_CACERT: '/no/such', CONSUL_HTTP_TOKEN: 'a b' };
  const { settings, diagnostics } = load(ENOUGH, {}, env);
  t.same(diagnostics, []);
  t.match(settings, { consul: undefined, registration: undefined });
});

t.test('an empty block says where Consul is, and registers nothing', async (t) => {
  const { settings, diagnostics } = load(`${ENOUGH}consul { }\n`);
  t.same(diagnostics, []);
  t.equal(settings?.consul?.address, 'http://127.0.0.1:8500');
  t.equal(settings?.registration, undefined);
});

t.test('a block can say everything', async (t) => {
  const path = files(t);
  const { settings, diagnostics } = load(`${ENOUGH}consul {
  address          = "https://consul.example.org:8501"
  token_file       = ${JSON.stringify(path('token'))}
  datacenter       = "dc2"
  namespace        = "storage"
  ca_file          = ${JSON.stringify(path('ca'))}
  cert_file        = ${JSON.stringify(path('cert'))}
  key_file         = ${JSON.stringify(path('key'))}
  tls_server_name  = "server.dc1.consul"
  service          = "ceph-csi"
  tags             = ["rack-1", "ssd"]
  advertise        = "tcp://192.0.2.7:10000"
  deregister_after = "1h"
}
`);
  t.same(diagnostics, []);
  t.same(settings?.consul, {
    address: 'https://consul.example.org:8501',
    token: undefined,
    tokenFile: path('token'),
    datacenter: 'dc2',
    namespace: 'storage',
    caFile: path('ca'),
    certFile: path('cert'),
    keyFile: path('key'),
    tlsServerName: 'server.dc1.consul',
  });
  t.same(settings?.registration, {
    service: 'ceph-csi',
    tags: ['rack-1', 'ssd'],
    advertise: 'tcp://192.0.2.7:10000',
    deregisterAfterMs: 3_600_000,
  });
});

t.test("flags go over Consul's variables, and those over the block", async (t) => {
  const text = `${ENOUGH}consul {\n  address = "c:1"\n  service = "from-file"\n}\n`;
  const env = { CONSUL_HTTP_ADDR: 'b:1', PANNIER_CONSUL_SERVICE: 'from-env' };
  const flags = { 'consul-address': 'a:1', 'consul-service': 'from-flag' };
  for (const [given, address, service] of [
    [load(text), 'http://c:1', 'from-file'],
    [load(text, {}, env), 'http://b:1', 'from-env'],
    [load(text, flags, env), 'http://a:1', 'from-flag'],
    [load(ENOUGH, {}, env), 'http://b:1', 'from-env'],
    [load(ENOUGH, flags), 'http://a:1', 'from-flag'],
  ] as const) {
    t.equal(given.settings?.consul?.address, address);
    t.equal(given.settings?.registration?.service, service);
  }
});

t.test('an address has the forms that Consul knows', async (t) => {
  for (const [given, ssl, address] of [
    ['h:1', undefined, 'http://h:1'],
    ['h:1', 'true', 'https://h:1'],
    ['h:1', '1', 'https://h:1'],
    ['h:1', 'false', 'http://h:1'],
    ['h', undefined, 'http://h'],
    ['[::1]:8500', undefined, 'http://[::1]:8500'],
    ['http://h:1/', 'true', 'http://h:1'],
    ['https://h', undefined, 'https://h'],
    ['unix:///run/consul.sock', 'true', 'unix:///run/consul.sock'],
  ] as const) {
    const env = { CONSUL_HTTP_ADDR: given, CONSUL_HTTP_SSL: ssl };
    t.equal(load(`${ENOUGH}consul { }`, {}, env).settings?.consul?.address, address);
  }
});

t.test('monitors that come from a service need no block', async (t) => {
  const { settings, diagnostics } = load(
    'endpoint = "/csi.sock"\ncluster "a" { monitors_service = "ceph-mon" }\n',
  );
  t.same(diagnostics, []);
  t.match(settings?.clusters, [{ conf: undefined, monitors: [], monitorsService: 'ceph-mon' }]);
  t.equal(settings?.consul?.address, 'http://127.0.0.1:8500');
});

t.test('what is wrong with it is told, with its place', async (t) => {
  const path = files(t);
  const quoted = (name: string) => JSON.stringify(path(name));
  const consul = (text: string) => `${ENOUGH}consul {\n  ${text}\n}\n`;
  const cases: ReadonlyArray<readonly [text: string, ...expected: string[]]> = [
    [consul('address = "a b"'), '4:13 error: address: invalid value "a b"'],
    [consul('address = "ftp://h"'), '4:13 error: address: invalid value "ftp://h"'],
    [consul('token = "a b"'), '4:11 error: token: invalid value'],
    [consul('token_file = "/no/such"'), 'error: consul: cannot read its token_file'],
    [consul('service = "a_b"'), '4:13 error: service: invalid value "a_b"'],
    [
      consul('service = "a"\n  deregister_after = "30s"'),
      '5:22 error: deregister_after: invalid value "30s"',
    ],
    [consul('service = "a"\n  advertise = "h:1"'), '5:15 error: advertise: invalid value "h:1"'],
    [consul('servise = "a"'), '4:3 error: unknown setting "servise"; did you mean "service"?'],
    [consul('check { }'), '4:3 error: unknown block "check" in consul'],
    [consul(`cert_file = ${quoted('cert')}`), 'error: consul: cert_file and key_file go together'],
    [
      consul(`token = "x"\n  token_file = ${quoted('token')}`),
      'error: consul: both token and token_file',
    ],
    [`${ENOUGH}consul "x" { }\n`, '3:1 error: "consul" is a block without a name'],
    [`${ENOUGH}consul = "x"\n`, '3:1 error: "consul" is a block without a name'],
    [`${ENOUGH}consul { }\nconsul { }\n`, '4:1 error: "consul" is written twice'],
    [`${ENOUGH}consull { }\n`, '3:1 error: unknown block "consull"'],
    [
      'endpoint = "/x"\ncluster "a" {\n  monitors = "h"\n  monitors_service = "s"\n}\n',
      '2:9 error: cluster "a": both monitors and monitors_service',
    ],
    [
      'endpoint = "/x"\ncluster "a" { monitors_service = "a b" }\n',
      '2:34 error: monitors_service: invalid value "a b"',
    ],
  ];
  for (const [text, ...expected] of cases) {
    const { settings, diagnostics } = load(text);
    t.equal(settings, undefined, text);
    t.same(diagnostics.map(told), expected);
    for (const { detail } of diagnostics) t.match(detail, /^[A-Z`"/].*[.]$/s);
  }
});

t.test('several documents are one configuration, and each keeps its name in reports', async (t) => {
  const documents = [
    { name: 'one', text: 'endpoint = "/csi.sock"\nconsul { }\n' },
    { name: 'two', text: Buffer.from('cluster "a" { monitors = ["192.0.2.1"] }\n') },
    { name: 'three', text: 'cluster "b" { monitors = ["192.0.2.2"] }\n' },
  ];
  const { settings, diagnostics } = loadSettings({ file: documents, flags: {}, env: {} });
  t.same(diagnostics, []);
  t.same(
    settings?.clusters.map(({ name }) => name),
    ['a', 'b'],
  );
  const twice = [...documents, { name: 'four', text: '\n cluster "a" { monitors = ["h"] }' }];
  const refused = loadSettings({ file: twice, flags: {}, env: {} });
  t.match(
    renderDiagnostics(refused.diagnostics, refused.sources, { colour: false }),
    'on four:2:10',
  );
});

t.test('a token that others can read is warned of, and none is ever shown', async (t) => {
  const folder = t.testdir({});
  const file = join(folder, 'pannier.hcl');
  const text = `${ENOUGH}consul {\n  token = "${TOKEN}"\n}\n`;
  writeFileSync(file, text, { mode: 0o600 });
  t.same(loadSettings({ file, flags: {}, env: {} }).diagnostics, []);
  chmodSync(file, 0o644);
  t.same(loadSettings({ file, flags: {}, env: {} }).diagnostics.map(told), [
    `warning: ${file} holds a token and everyone can read it`,
  ]);
  for (const wrong of [
    text.replace(TOKEN, `${TOKEN} `),
    text.replace('token', 'tags = 5 token'),
    text.replace('"\n}', '"\n  token = "x"\n}'),
  ]) {
    const { settings, diagnostics, sources } = load(wrong);
    t.equal(settings, undefined, wrong);
    const shown = renderDiagnostics(diagnostics, sources, { colour: false });
    t.notMatch(`${shown} ${JSON.stringify(diagnostics)}`, TOKEN);
  }
});
