import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { MesosClient } from '../../src/mesos/client.js';
import { listAgents } from '../../src/mesos/master.js';
import { mesosSettings } from '../../src/mesos/settings.js';
import { labFolder } from '../lab/folder.js';

const NO_FLAGS = {
  agent: [],
  master: undefined,
  credential: undefined,
  'mesos-ca-cert': undefined,
  'mesos-client-cert': undefined,
  'mesos-client-key': undefined,
};

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

/** Something that answers in Mesos's place what Mesos does not on demand. Answers its port. */
async function standIn(t: Test, reply: Reply): Promise<number> {
  const server = createServer(reply);
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

function client(port: number, flags = {}, who: 'agent' | 'master' = 'agent', limitMs = 10_000) {
  const settings = mesosSettings({ ...NO_FLAGS, agent: [`127.0.0.1:${port}`], ...flags }, {});
  const [address] = settings.agents;
  if (address === undefined) throw new Error('no address');
  return new MesosClient(address, who, settings, limitMs);
}

const answering =
  (status: number, body: string): Reply =>
  (_, response) => {
    response.writeHead(status).end(body);
  };

t.test('what is refused, and why', async (t) => {
  for (const [status, code, remedy] of [
    [401, 'UNAUTHENTICATED', /-credential/],
    [403, 'PERMISSION_DENIED', /ACLs/],
    [400, 'INVALID_ARGUMENT', /another version/],
    [404, 'NOT_FOUND', /-agent/],
    [503, 'UNAVAILABLE', /repeated/],
    [500, 'INTERNAL', /log/],
  ] as const) {
    using agent = client(await standIn(t, answering(status, 'no, since\n it is so')));
    const message = /^the agent at http:\/\/127.0.0.1:\d+ refuses GET_AGENT: no, since it is so$/;
    await t.rejects(agent.ask({ type: 'GET_AGENT' }), { code, message, remedy, status });
  }
  using other = client(await standIn(t, answering(200, '<html>')));
  await t.rejects(other.ask({ type: 'GET_AGENT' }), {
    code: 'UNREACHABLE',
    message: /does not speak/,
  });
  using silent = client(await standIn(t, () => {}), {}, 'agent', 50);
  await t.rejects(silent.ask({ type: 'GET_AGENT' }), { code: 'DEADLINE_EXCEEDED' });
  using closing = client(await standIn(t, ({ socket }) => socket.destroy()));
  await t.rejects(closing.ask({ type: 'GET_AGENT' }), { message: /closed the connection/ });
  const tls = { agent: [`https://127.0.0.1:${await standIn(t, answering(200, '{}'))}`] };
  using plain = client(0, tls);
  await t.rejects(plain.ask({ type: 'GET_AGENT' }), { message: /does not speak TLS/ });
});

t.test('a credential in either form, which no message shows', async (t) => {
  const folder = labFolder();
  const file = join(folder, 'credential');
  const seen: Array<string | undefined> = [];
  const port = await standIn(t, ({ headers }, response) => {
    seen.push(headers.authorization);
    response.writeHead(seen.length > 2 ? 401 : 200).end('{}');
  });
  const wanted = `Basic ${Buffer.from('ops:secret').toString('base64')}`;
  for (const text of ['{"principal": "ops", "secret": "secret"}', 'ops secret\n', 'ops secret']) {
    writeFileSync(file, text);
    using agent = client(port, { credential: file });
    await agent.ask({ type: 'GET_AGENT' }).catch((error: Error) => {
      t.notMatch(`${error.message} ${error.stack}`, 'secret');
    });
  }
  t.same(seen, [wanted, wanted, wanted]);
  for (const text of ['{"principal": "ops"}', 'ops', '']) {
    writeFileSync(file, text);
    using agent = client(port, { credential: file });
    await t.rejects(agent.ask({ type: 'GET_AGENT' }), { code: 'CONFIG', message: /no credential/ });
  }
});

t.test('a master that does not lead sends to the one that does', async (t) => {
  const agents = [{ agent_info: { hostname: 'a.example', port: 5061 } }];
  const leader = await standIn(t, answering(200, JSON.stringify({ get_agents: { agents } })));
  const port = await standIn(t, (_, response) => {
    response.writeHead(307, { location: `//127.0.0.1:${leader}/api/v1` }).end();
  });
  using master = client(port, {}, 'master');
  t.match(await listAgents(master), [{ text: 'http://a.example:5061', host: 'a.example' }]);
});

t.test('addresses, from flags and variables', async (t) => {
  const texts = (agent: readonly string[], env = {}) =>
    mesosSettings({ ...NO_FLAGS, agent }, env).agents.map(({ text }) => text);
  t.same(texts(['a', 'http://b:1', 'https://c', '[::1]:7']), [
    'http://a:5051',
    'http://b:1',
    'https://c:5051',
    'http://[::1]:7',
  ]);
  t.same(texts([], { PANNIER_MESOS_AGENT: 'a,b:1' }), ['http://a:5051', 'http://b:1']);
  t.same(texts([]), []);
  for (const bad of ['', 'zk://a:2181/mesos', 'http://ops:secret@a', 'a:b', 'http://'])
    t.throws(() => texts([bad]), { code: 'CONFIG', message: /no address of Mesos/ });
  try {
    texts(['http://ops:secret@a']);
  } catch (error) {
    t.notMatch(String(error), 'secret');
  }
  t.throws(() => mesosSettings({ ...NO_FLAGS, 'mesos-client-key': '/x' }, {}), { code: 'CONFIG' });
});
