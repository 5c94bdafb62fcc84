import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { ClusterSettings } from '../../src/config/settings.js';
import { says, standIn } from '../consul/stand-in.js';
import { startCeph } from '../lab/ceph.js';
import { startConsul } from '../lab/consul.js';
import { labFolder } from '../lab/folder.js';
import { clusterBlock, codeOf, type LabPlugin, startPlugin } from '../lab/plugin.js';
import { blockAs, MIB } from './refusal.js';

const [ceph, consul] = await Promise.all([startCeph(), startConsul()]);
const otherPool = await ceph.freshPool();
const second: ClusterSettings = { ...ceph.settings, name: 'second', pool: otherPool };

let made = 0;

/** A key of a test's own, that is written through Consul's own command. */
class Value {
  readonly key = `pannier/config-${++made}`;
  readonly address = `consul://${this.key}`;

  constructor(private readonly of = consul) {}

  async put(text: string, key = this.key): Promise<void> {
    await this.of.cli('kv', 'put', key, text);
  }

  async remove(key = this.key): Promise<void> {
    await this.of.cli('kv', 'delete', key);
  }
}

const PLAIN = clusterBlock(ceph.settings);

function start(
  value: Value,
  options: { folder?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<LabPlugin> {
  return startPlugin({
    clusters: [],
    mode: 'controller',
    configAt: value.address,
    ...options,
    env: { ...consul.env, ...options.env },
  });
}

const IN_USE = 'a changed configuration is in use';
const REFUSED = 'the configuration in Consul is refused: the last good one stays';

/** Waits until a message was logged so many times, and answers the last of those lines. */
async function nth(plugin: LabPlugin, msg: string, count: number) {
  const found = () => plugin.log.filter((line) => line.msg === msg);
  await plugin.logged(() => found().length >= count, 60_000);
  return found().at(-1);
}

async function create(plugin: LabPlugin, name: string, parameters = {}): Promise<string> {
  const { volume } = await plugin.controller.createVolume({
    name,
    parameters,
    capacityRange: { requiredBytes: MIB },
    volumeCapabilities: [blockAs()],
  });
  return volume?.volumeId ?? '';
}

t.test('what changes in Consul is used at once', async (t) => {
  const value = new Value();
  await value.put(`log_level = "info"\n${PLAIN}`);
  const plugin = await start(value);
  t.match(await create(plugin, 'one'), `ceph/${ceph.pool}/`);
  t.notOk(plugin.log.some(({ level }) => level === 'debug'));
  t.equal(await codeOf(create(plugin, 'two', { cluster: 'second' })), 'INVALID_ARGUMENT');

  await value.put(`log_level = "debug"\n${PLAIN}\n${clusterBlock(second)}`);
  t.match(await nth(plugin, IN_USE, 1), {
    changes: ['log_level', 'cluster "second" is added'],
  });
  t.match(await create(plugin, 'two', { cluster: 'second' }), `second/${otherPool}/`);
  t.ok(plugin.log.some(({ level }) => level === 'debug'));
  await plugin.logged(
    ({ msg, cluster }) =>
      msg === 'this controller does the background work' && cluster === 'second',
    30_000,
  );

  const text = `default_cluster = "second"\ndeletion = "trash"\n${PLAIN}\n${clusterBlock(second)}`;
  await value.put(text);
  t.match(await nth(plugin, IN_USE, 2), { changes: ['log_level', 'deletion', 'default_cluster'] });
  const kept = await create(plugin, 'three');
  t.match(kept, `second/${otherPool}/`);
  await plugin.controller.deleteVolume({ volumeId: kept });
  const { volumes } = await plugin.admin.listDeletedVolumes({});
  t.match(volumes, [{ volumeId: kept }], 'deletions go to the trash now');

  const pool = await ceph.freshPool();
  await value.put(`${clusterBlock({ ...ceph.settings, pool })}`);
  t.match(await nth(plugin, IN_USE, 3), {
    changes: [
      'deletion',
      'cluster "second" is removed',
      'cluster "ceph" is changed',
      'default_cluster',
    ],
  });
  t.match(await create(plugin, 'four'), `ceph/${pool}/`);
  t.equal(await codeOf(create(plugin, 'five', { cluster: 'second' })), 'INVALID_ARGUMENT');
  t.equal(await plugin.stop('SIGTERM'), 0);
});

t.test(
  'a bad value is refused with its line and column, and the last good one stays',
  async (t) => {
    const value = new Value();
    await value.put(`log_level = "info"\n${PLAIN}`);
    const plugin = await start(value);
    await create(plugin, 'good-1');
    for (const [count, bad, problem] of [
      [
        1,
        `log_level = "loud"\n${PLAIN}`,
        /^consul:\/\/pannier\/config-\d+:1:13: log_level: invalid value "loud"\. Expected one of/,
      ],
      [
        2,
        `${PLAIN}\nlog_lvel = "info"\n`,
        /:\d+:1: unknown setting "log_lvel"; did you mean "log_level"\?/,
      ],
      [3, `${PLAIN}\ncluster "x" {`, /:\d+:\d+: /],
      [4, 'log_level = "info"', /neither conf nor monitors/],
      [5, '', /neither conf nor monitors/],
    ] as const) {
      await value.put(bad);
      const { problems } = (await nth(plugin, REFUSED, count)) as unknown as { problems: string[] };
      t.match(problems[0], problem);
      t.match(await create(plugin, `stays-${count}`), `ceph/${ceph.pool}/`);
    }
    await value.remove();
    t.match(await nth(plugin, REFUSED, 6), {
      problems: [/^Consul has no key "pannier\/config-\d+"/],
    });
    t.match(await create(plugin, 'stays-6'), `ceph/${ceph.pool}/`);
    await value.put(`log_level = "info"\n${PLAIN}`);
    await plugin.logged(
      ({ msg }) => msg === 'the configuration in Consul can be used again',
      30_000,
    );
    t.notOk(
      plugin.log.some(({ msg }) => msg === IN_USE),
      'nothing has changed in the end',
    );
    t.equal(await plugin.stop('SIGTERM'), 0);
  },
);

t.test('what needs a start is said, and the rest is used', async (t) => {
  const value = new Value();
  await value.put(`driver_name = "csi.one"\n${PLAIN}`);
  const plugin = await start(value);
  await value.put(`driver_name = "csi.two"\nmapper = "fuse"\nlog_level = "debug"\n${PLAIN}`);
  t.match(await plugin.logged(({ msg }) => msg.includes('is started anew'), 30_000), {
    level: 'warn',
    settings: ['driver_name', 'mapper'],
  });
  t.match(await nth(plugin, IN_USE, 1), { changes: ['log_level'] });
  t.equal((await plugin.identity.getPluginInfo({})).name, 'csi.one');
  t.equal(await plugin.stop('SIGTERM'), 0);
});

t.test('the keys below are one configuration with it, one for each cluster for one', async (t) => {
  const value = new Value();
  await value.put('log_level = "info"');
  await value.put(PLAIN, `${value.key}/clusters/a`);
  await value.put('cluster "no" { oops', `${value.key}-of-another`);
  const plugin = await start(value);
  t.match(await create(plugin, 'below-1'), `ceph/${ceph.pool}/`);
  await value.put(clusterBlock(second), `${value.key}/clusters/b`);
  t.match(await nth(plugin, IN_USE, 1), { changes: ['cluster "second" is added'] });
  await value.put(clusterBlock(second), `${value.key}/clusters/c`);
  t.match(await nth(plugin, REFUSED, 1), {
    problems: [
      new RegExp(`^consul://${value.key}/clusters/c:1:9: cluster "second" is written twice`),
    ],
  });
  await value.remove(`${value.key}/clusters/c`);
  await value.remove(`${value.key}/clusters/b`);
  t.match(await nth(plugin, IN_USE, 2), { changes: ['cluster "second" is removed'] });
  t.equal(await plugin.stop('SIGTERM'), 0);
});

t.test('registration follows the configuration', async (t) => {
  const value = new Value();
  const services = async () => Object.keys(await consul.get<object>('/v1/catalog/services'));
  await value.put(PLAIN);
  const plugin = await start(value);
  t.notOk((await services()).includes('first'));
  await value.put(`${PLAIN}\nconsul { service = "first" }`);
  await nth(plugin, 'registered in Consul', 1);
  await value.put(`${PLAIN}\nconsul { service = "second" }`);
  await nth(plugin, 'registered in Consul', 2);
  t.same(
    (await services()).filter((name) => name !== 'consul'),
    ['second'],
  );
  await value.put(PLAIN);
  await nth(plugin, IN_USE, 3);
  t.same(await services(), ['consul']);
  t.equal(await plugin.stop('SIGTERM'), 0);
});

t.test('a start without Consul waits for it, and the next one does not', async (t) => {
  const later = await startConsul();
  const value = new Value(later);
  await value.put(PLAIN);
  await later.stop();
  const folder = labFolder();
  const waits = await startPlugin({
    clusters: [],
    mode: 'controller',
    configAt: value.address,
    folder,
    env: later.env,
    diesAtStart: true,
  });
  t.match(await waits.logged(({ msg }) => msg === 'waits for its configuration in Consul'), {
    level: 'warn',
    problem: /does not answer: .*ECONNREFUSED/,
  });
  await later.start();
  await waits.logged(({ msg }) => msg === 'plugin listens', 60_000);
  await later.stop();
  t.match(
    await waits.logged(({ msg }) => msg.startsWith('cannot follow the configuration'), 60_000),
    {
      level: 'warn',
    },
  );
  t.equal(await waits.stop('SIGTERM'), 0);

  const again = await start(value, { folder, env: later.env });
  t.match(await again.logged(({ msg }) => msg.startsWith('starts with the last good')), {
    path: join(folder, 'state', 'consul-configuration.json'),
    problems: [/ECONNREFUSED/],
  });
  t.match(await create(again, 'without'), `ceph/${ceph.pool}/`);

  rmSync(join(later.agent.folder, 'data'), { recursive: true });
  await later.start();
  t.match(await nth(again, REFUSED, 1), { problems: [/^Consul has no key/] }, 'all was forgotten');
  await value.put(`log_level = "debug"\n${PLAIN}`);
  await nth(again, IN_USE, 1);
  t.equal(await again.stop('SIGTERM'), 0);
});

t.test('a start with nothing that can be used tells all that is wrong, and ends', async (t) => {
  const value = new Value();
  const run = async (configAt = value.address) => {
    const plugin = await startPlugin({
      clusters: [],
      mode: 'controller',
      configAt,
      env: consul.env,
      diesAtStart: true,
    });
    return { code: await plugin.ended, stderr: plugin.stderr };
  };
  t.match(await run(), {
    code: 2,
    stderr: new RegExp(
      `Consul has no key "${value.key}"[\\s\\S]*consul kv put ${value.key} @pannier.hcl`,
    ),
  });
  t.match(await run('consul:///'), { code: 2, stderr: /"consul:\/\/\/" names no key/ });
  await value.put(`${PLAIN}\nlog_level = "loud"`);
  t.match(await run(), { code: 2, stderr: new RegExp(`on ${value.address}:\\d+:13`) });
});

t.test('a key in Consul is in no log', async (t) => {
  const value = new Value();
  const keyed = clusterBlock({ ...ceph.settings, keyFile: undefined, key: ceph.key });
  await value.put(keyed);
  const plugin = await start(value);
  await create(plugin, 'keyed');
  await value.put(keyed.replace(ceph.key, `${ceph.key} `));
  await nth(plugin, REFUSED, 1);
  t.equal(await plugin.stop('SIGTERM'), 0);
  t.notMatch(plugin.stderr, ceph.key);
});

t.test('an agent that answers 500, or slowly, changes nothing', async (t) => {
  const value = new Value();
  await value.put(PLAIN);
  const proxy = await standIn((request, response) => {
    fetch(`http://${consul.address}${request.url}`).then(
      async (answer) => {
        const headers = {
          'x-consul-index': answer.headers.get('x-consul-index') ?? '1',
          'content-type': 'application/json',
        };
        response.writeHead(answer.status, headers).end(await answer.text());
      },
      () => response.destroy(),
    );
  });
  const forward = proxy.answer;
  const plugin = await start(value, { env: { CONSUL_HTTP_ADDR: proxy.address } });
  proxy.answer = says(500, 'oops');
  await value.put(`log_level = "debug"\n${PLAIN}`);
  await plugin.logged(({ problem }) => /answers 500: oops/.test(String(problem)), 60_000);
  t.match(await create(plugin, 'meanwhile'), `ceph/${ceph.pool}/`);
  proxy.answer = (request, response) => void sleep(1_500).then(() => forward(request, response));
  await plugin.logged(({ msg }) => msg === 'follows the configuration in Consul again', 60_000);
  await value.put(`log_level = "info"\ndeletion = "trash"\n${PLAIN}`);
  await plugin.logged(({ changes }) => JSON.stringify(changes ?? '').includes('deletion'), 60_000);
  t.equal(await plugin.stop('SIGTERM'), 0);
});
