import { join } from 'node:path';
import t from 'tap';
import type { Settings } from '../../src/config/settings.js';
import { bootId, serviceOf } from '../../src/consul/advertise.js';
import { ConsulClient } from '../../src/consul/client.js';
import { type Health, Registration } from '../../src/consul/registration.js';
import { accessTo, says, standIn } from '../consul/stand-in.js';
import { startConsul } from '../lab/consul.js';
import { labFolder } from '../lab/folder.js';
import { ownPorts } from '../lab/ports.js';
import { FakePlugin } from './fake-plugin.js';
import { pannier, type Ran } from './pannier.js';

const consul = await startConsul();
const client = new ConsulClient(accessTo(`http://${consul.address}`));
t.teardown(() => client.close());

interface Shown {
  readonly service: string;
  readonly endpoint: string;
  readonly mode?: Settings['mode'];
  readonly health?: Health;
  readonly elsewhere?: boolean;
}

/** Registers a plugin as it would itself. */
async function show({ service, endpoint, mode = 'controller', health, elsewhere }: Shown) {
  const registered = Promise.withResolvers<void>();
  const plugin = {
    ...{ version: '1.2.3', mode, nodeId: 'n', driverName: 'd', endpoint },
    bootId: elsewhere ? 'another' : bootId(),
  };
  const registration = new Registration({
    client,
    service: serviceOf(
      { service, tags: [], advertise: undefined, deregisterAfterMs: 60_000 },
      plugin,
      undefined,
    ),
    look: async () => health ?? { status: 'passing', note: 'cluster "a": answers' },
    told: { registered: registered.resolve, lost: (problem) => registered.reject(problem) },
  });
  t.teardown(() => registration.end());
  await registered.promise;
}

/** A plugin in memory that has one volume, by whose name it is known. */
async function listen(endpoint: string, name: string): Promise<string> {
  const plugin = new FakePlugin();
  plugin.add(`c/rbd/${name}`, name, 10n << 30n);
  t.teardown(await plugin.listen(endpoint));
  return endpoint;
}

async function socket(name: string): Promise<string> {
  return listen(`unix://${join(labFolder(), 'csi.sock')}`, name);
}

async function port(name: string): Promise<string> {
  return listen(`tcp://127.0.0.1:${(await ownPorts(1))[0]}`, name);
}

function run(line: string, env: Record<string, string> = {}): Promise<Ran> {
  return pannier(line.split(' '), { env: { CONSUL_HTTP_ADDR: consul.address, ...env } });
}

t.test('a controller is found by its service, in the flag and in the variable', async (t) => {
  await show({ service: 'pannier', endpoint: await socket('here') });
  for (const [line, env] of [
    ['volume status -endpoint=consul://', {}],
    ['volume status -endpoint=consul://pannier', {}],
    ['volume status', { PANNIER_ENDPOINT: 'consul://pannier/' }],
  ] as const) {
    const { code, stdout, stderr } = await run(line, env);
    t.match({ code, stderr }, { code: 0, stderr: '' }, line);
    t.match(stdout, 'c/rbd/here');
  }
});

t.test("this machine's socket is preferred, then its port, then another machine's", async (t) => {
  const service = 'near';
  const found = async () =>
    (await run(`volume status -t={{range.}}{{.name}}{{end}} -endpoint=consul://${service}`)).stdout;
  await show({ service, endpoint: await port('far'), elsewhere: true });
  // The same path on another machine is no socket of this one.
  await show({ service, endpoint: await socket('elsewhere'), elsewhere: true });
  t.equal(await found(), 'far\n');
  await show({ service, endpoint: await port('port') });
  t.equal(await found(), 'port\n');
  await show({ service, endpoint: await socket('socket') });
  t.equal(await found(), 'socket\n');
  await show({ service, endpoint: `unix://${join(labFolder(), 'gone.sock')}` });
  t.equal(await found(), 'socket\n', 'one that nobody listens on is passed over');
});

t.test('nodes and critical plugins are passed over; those with a warning come last', async (t) => {
  const service = 'healthy';
  const found = async () =>
    (await run(`volume status -t={{range.}}{{.name}}{{end}} -endpoint=consul://${service}`)).stdout;
  const critical: Health = { status: 'critical', note: 'cluster "a": no answer' };
  const warning: Health = { status: 'warning', note: 'cluster "b": no answer' };
  await show({ service, endpoint: await socket('critical'), health: critical });
  await show({ service, endpoint: await socket('node'), mode: 'node' });
  await show({ service, endpoint: await socket('warning'), health: warning });
  t.equal(await found(), 'warning\n');
  await show({ service, endpoint: await port('passing') });
  t.equal(await found(), 'passing\n');
});

t.test('mount wants a plugin that is controller and node on this machine', async (t) => {
  const service = 'mounts';
  await show({ service, endpoint: await socket('controller') });
  await show({ service, endpoint: await port('remote'), mode: 'all', elsewhere: true });
  const line = `volume mount x ${join(labFolder(), 'x')} -endpoint=consul://${service}`;
  t.match(await run(line), {
    code: 3,
    stderr: /Consul's service "mounts" has no plugin that is controller and node on this machine/,
  });
  await show({ service, endpoint: await socket('all'), mode: 'all' });
  t.match(await run(line), { stderr: /volume "x" does not exist/ });
});

t.test('where none can be had it is said why, in text and as JSON', async (t) => {
  const health: Health = { status: 'critical', note: 'cluster "a": no monitor answers' };
  await show({ service: 'sick', endpoint: await socket('sick'), health });
  await show({ service: 'nodes', endpoint: await socket('node'), mode: 'node' });
  await show({ service: 'far', endpoint: 'unix:///csi/csi.sock', elsewhere: true });
  for (const [name, words] of [
    ['none', /Consul has no service "none"/],
    ['consul', /Consul's service "consul" has no controller; instances: 1/],
    ['nodes', /Consul's service "nodes" has no controller/],
    ['sick', /has no healthy plugin: consul: Ceph: cluster "a": no monitor answers/],
    ['far', /"far" can be reached from here: consul: unix:\/\/\/csi\/csi.sock/],
  ] as const) {
    const ran = await run(`volume status -endpoint=consul://${name}`);
    t.match(ran, { code: 3, stdout: '', stderr: words }, name);
    const json = await run(`volume status -json -endpoint=consul://${name}`);
    t.match(JSON.parse(json.stderr), { error: { message: words, exitCode: 3 } }, name);
  }
});

t.test('a Consul that is away, refuses or fails is told from a plugin that is', async (t) => {
  const server = await standIn(says(403, 'Permission denied: anonymous token'));
  const env = { CONSUL_HTTP_ADDR: server.address };
  const line = 'volume status -endpoint=consul://pannier';
  t.match(await run(line, env), {
    code: 3,
    stderr:
      /no plugin can be looked up: Consul at http:.* refuses: Permission denied[\s\S]*CONSUL_HTTP_TOKEN/,
  });
  server.answer = says(500, 'No cluster leader');
  t.match(await run(line, env), { code: 3, stderr: /answers 500: No cluster leader/ });
  server.close();
  t.match(await run(line, env), {
    code: 3,
    stderr: /does not answer: .*ECONNREFUSED[\s\S]*CONSUL_HTTP_ADDR/,
  });
  t.match(await run(line, { CONSUL_HTTP_ADDR: 'a b' }), {
    code: 2,
    stderr: /CONSUL_HTTP_ADDR: invalid value "a b"/,
  });
  t.match(await run(line, { CONSUL_CACERT: '/no/such' }), {
    code: 2,
    stderr: /cannot read its ca_file/,
  });
});
