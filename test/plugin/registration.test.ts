import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { tokenFor } from '../consul/acl.js';
import { says, standIn } from '../consul/stand-in.js';
import { startCeph } from '../lab/ceph.js';
import { type LabConsul, startConsul } from '../lab/consul.js';
import { labFolder } from '../lab/folder.js';
import { type LabPlugin, startPlugin } from '../lab/plugin.js';

const [ceph, healthy, consul] = await Promise.all([
  startCeph({ own: true }),
  startCeph(),
  startConsul(),
]);

/** A plugin whose service has a name of its own. */
function startAs(
  service: string,
  {
    of = consul,
    config = '',
    ...options
  }: { of?: LabConsul; config?: string; token?: string } = {},
): Promise<LabPlugin> {
  const { token } = options;
  return startPlugin({
    clusters: [healthy.settings],
    mode: 'controller',
    env: { ...of.env, ...(token === undefined ? {} : { CONSUL_HTTP_TOKEN_FILE: token }) },
    config: `consul {\n  service = "${service}"\n${config}}`,
  });
}

interface Entry {
  readonly Service: {
    readonly ID: string;
    readonly Tags: readonly string[];
    readonly Meta: Readonly<Record<string, string>>;
    readonly Port: number;
    readonly Address: string;
  };
  readonly Checks: ReadonlyArray<{ Name: string; Status: string; Output: string }>;
}

function entries(service: string, from = consul): Promise<Entry[]> {
  return from.get<Entry[]>(`/v1/health/service/${service}`);
}

/** The states of the first instance's own checks, by their names, such as "Plugin passing, Ceph warning". */
async function states(service: string, from = consul): Promise<string> {
  const [entry] = await entries(service, from);
  return (entry?.Checks ?? [])
    .filter(({ Name }) => Name === 'Plugin' || Name === 'Ceph')
    .map(({ Name, Status }) => `${Name} ${Status}`)
    .sort()
    .reverse()
    .join(', ');
}

/** Waits until a question is answered in a way, and tells the last answer. */
async function until<T>(ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  for (const limit = Date.now() + 150_000; ; await sleep(300)) {
    const answer = await ask();
    if (isIt(answer) || Date.now() > limit) return answer;
  }
}

function becomes(service: string, wanted: string, from = consul): Promise<string> {
  return until(
    () => states(service, from).catch((error: Error) => error.message),
    (found) => found === wanted,
  );
}

function lines(plugin: LabPlugin, msg: string): number {
  return plugin.log.filter((line) => line.msg === msg).length;
}

const CANNOT = 'cannot tell Consul of this plugin';
const REGISTERED = 'registered in Consul';

/** Killed at once; Consul takes a while to take it off its list, in which other tests run. */
const killed = await startAs('killed', { config: '  deregister_after = "1m"\n' });
await killed.logged(({ msg }) => msg === REGISTERED);
await killed.stop('SIGKILL');

t.test('a plugin says what it is and where, and how it finds each cluster', async (t) => {
  const plugin = await startPlugin({
    clusters: [ceph.settings, { ...healthy.settings, name: 'healthy' }],
    nodeId: 'worker 1',
    env: consul.env,
    config: 'consul {\n  service = "both"\n  tags = ["ssd"]\n}',
  });
  const single = await startPlugin({
    clusters: [ceph.settings],
    mode: 'controller',
    env: consul.env,
    config: 'consul {\n  service = "single"\n  advertise = "tcp://192.0.2.7:10000"\n}',
  });
  await plugin.logged(({ msg }) => msg === REGISTERED);
  t.equal(await becomes('both', 'Plugin passing, Ceph passing'), 'Plugin passing, Ceph passing');
  const [entry] = await entries('both');
  t.same(entry?.Service.Tags, ['controller', 'node', 'ssd']);
  t.match(entry?.Service.Meta, {
    version: /^\d/,
    mode: 'all',
    node_id: 'worker 1',
    driver_name: 'csi.pannier.rbd',
    endpoint: plugin.endpoint,
    boot_id: /^[0-9a-f-]{36}$/,
  });
  const output = (found: Entry | undefined) =>
    found?.Checks.find(({ Name }) => Name === 'Ceph')?.Output ?? '';
  t.match(
    output(entry),
    /^cluster "ceph": answers; a call last succeeded at \d{4}-.*Z\ncluster "healthy": answers; a call/,
  );
  const [other] = await entries('single');
  t.match(other?.Service, { Address: '192.0.2.7', Port: 10000, Tags: ['controller'] });

  await ceph.pause('mon');
  await ceph.pause('osd');
  t.equal(await becomes('both', 'Plugin passing, Ceph warning'), 'Plugin passing, Ceph warning');
  t.equal(
    await becomes('single', 'Plugin passing, Ceph critical'),
    'Plugin passing, Ceph critical',
  );
  t.match(
    output((await entries('single'))[0]),
    /^cluster "ceph": .*answer.*; a call last succeeded at \d{4}-.*Z$/,
  );
  t.ok((await single.identity.probe({})).ready);
  await ceph.resume('mon');
  await ceph.resume('osd');
  t.equal(await becomes('both', 'Plugin passing, Ceph passing'), 'Plugin passing, Ceph passing');
  t.equal(await becomes('single', 'Plugin passing, Ceph passing'), 'Plugin passing, Ceph passing');

  t.equal(await plugin.stop('SIGTERM'), 0);
  t.equal(await single.stop('SIGTERM'), 0);
  t.same(await entries('both'), [], 'a clean end takes it off the list');
  t.same(await entries('single'), []);
});

t.test(
  'a plugin starts, works and ends without Consul, and is registered when it comes',
  async (t) => {
    const later = await startConsul();
    await later.stop();
    const plugin = await startAs('later', { of: later });
    t.match(await plugin.logged(({ msg }) => msg === CANNOT), {
      level: 'warn',
      problem: new RegExp(`^Consul at http://${later.address} does not answer: .*ECONNREFUSED`),
    });
    await plugin.controller.listVolumes({});
    // It has tried three more times by then.
    await sleep(8_000);
    t.equal(lines(plugin, CANNOT), 1, 'the same again is no news');
    await later.start();
    await plugin.logged(({ msg }) => msg === REGISTERED, 60_000);
    t.equal(
      await becomes('later', 'Plugin passing, Ceph passing', later),
      'Plugin passing, Ceph passing',
    );

    await later.stop('SIGKILL');
    rmSync(join(later.agent.folder, 'data'), { recursive: true });
    await later.start();
    t.equal(
      await becomes('later', 'Plugin passing, Ceph passing', later),
      'Plugin passing, Ceph passing',
      'an agent that has forgotten all is told anew',
    );
    t.equal(lines(plugin, REGISTERED), 2);
    await later.stop();
    await plugin.controller.listVolumes({});
    t.equal(await plugin.stop('SIGTERM'), 0, 'and ends without Consul as with it');
  },
);

t.test('two plugins of one service and one node do not take each other off the list', async (t) => {
  const [one, two] = await Promise.all([startAs('twins'), startAs('twins')]);
  await Promise.all([one, two].map((plugin) => plugin.logged(({ msg }) => msg === REGISTERED)));
  t.equal((await entries('twins')).length, 2);
  await one.stop('SIGTERM');
  t.same(
    (await entries('twins')).map(({ Service }) => Service.Meta.endpoint),
    [two.endpoint],
  );
  await two.stop('SIGKILL');
  const again = await startPlugin({
    clusters: [healthy.settings],
    mode: 'controller',
    folder: two.folder,
    env: consul.env,
    config: 'consul {\n  service = "twins"\n}',
  });
  await again.logged(({ msg }) => msg === REGISTERED);
  t.equal((await entries('twins')).length, 1, 'one that is started again is the same');
});

t.test('a token that may not is told in a line, and the next one is tried', async (t) => {
  const closed = await startConsul({ acls: true });
  const none = await tokenFor(closed, 'none', 'key_prefix "x" { policy = "read" }');
  const enough = await tokenFor(closed, 'enough', 'service "guarded" { policy = "write" }');
  const token = join(labFolder(), 'token');
  writeFileSync(token, none, { mode: 0o600 });
  const plugin = await startAs('guarded', { of: closed, token });
  t.match(await plugin.logged(({ msg }) => msg === CANNOT), {
    problem: /refuses: Permission denied.*service:write/,
  });
  t.equal(lines(plugin, CANNOT), 1);
  writeFileSync(token, enough, { mode: 0o600 });
  await plugin.logged(({ msg }) => msg === REGISTERED, 60_000);
  t.equal(await plugin.stop('SIGTERM'), 0);
  for (const secret of [none, enough]) t.notMatch(plugin.stderr, secret);
});

t.test('an agent that answers 500, or not at all, holds nothing up', async (t) => {
  const server = await standIn(says(500, 'rpc error: No cluster leader'));
  const env = { CONSUL_HTTP_ADDR: server.address };
  const plugin = await startPlugin({
    clusters: [healthy.settings],
    mode: 'controller',
    env,
    config: 'consul {\n  service = "pannier"\n}',
  });
  t.match(await plugin.logged(({ msg }) => msg === CANNOT), {
    problem: /answers 500: rpc error: No cluster leader/,
  });
  server.answer = () => undefined;
  await plugin.logged(({ problem }) => /no answer in time/.test(String(problem)), 60_000);
  t.equal(lines(plugin, CANNOT), 2, 'another state is news');
  await plugin.controller.listVolumes({});
  t.equal(await plugin.stop('SIGTERM'), 0);
});

t.test('a plugin that was killed is critical, and then goes from the list', async (t) => {
  t.equal(
    (
      await until(
        () => entries('killed'),
        (found) => found.length === 0,
      )
    ).length,
    0,
  );
});
