import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ConsulClient } from '../../src/consul/client.js';
import { readKey, readTree } from '../../src/consul/kv.js';
import { labFolder } from '../lab/folder.js';
import { accessTo, StandIn, says, standIn } from './stand-in.js';

const ENTRY = [{ Key: 'a/b', Value: Buffer.from('hello').toString('base64') }];

function json(value: unknown) {
  return (_: unknown, response: import('node:http').ServerResponse) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** The error's words and status of a request for a key. */
async function failureOf(client: ConsulClient): Promise<unknown> {
  return readKey(client, 'a/b').then(
    () => undefined,
    ({ name, message, status }) => ({ name, message, status }),
  );
}

t.test('every form of an address is reached', async (t) => {
  const folder = labFolder();
  const tcp = await standIn(json(ENTRY));
  t.equal(`${await readKey(new ConsulClient(accessTo(tcp.address)), 'a/b')}`, 'hello');

  const path = join(folder, 'consul.sock');
  const unix = new StandIn(json(ENTRY));
  await unix.listen(path);
  t.teardown(() => unix.close());
  t.equal(`${await readKey(new ConsulClient(accessTo(`unix://${path}`)), 'a/b')}`, 'hello');

  const six = new StandIn(json(ENTRY));
  await six.listen({ host: '::1' });
  t.teardown(() => six.close());
  const address = `http://[::1]:${six.port}`;
  t.equal(`${await readKey(new ConsulClient(accessTo(address)), 'a/b')}`, 'hello');
});

t.test(
  'token, datacenter and namespace go with a request; a token file is read each time',
  async (t) => {
    const tokenFile = join(t.testdir({}), 'token');
    writeFileSync(tokenFile, 'first\n');
    let namespace: unknown;
    const server = await standIn((request, response) => {
      namespace = request.headers['x-consul-namespace'];
      json(ENTRY)(request, response);
    });
    const more = { tokenFile, datacenter: 'dc2', namespace: 'storage' };
    const client = new ConsulClient(accessTo(server.address, more));
    await readKey(client, 'a/b');
    writeFileSync(tokenFile, 'second\n');
    await readKey(client, 'a/b');
    t.same(server.tokens, ['first', 'second']);
    t.match(server.requests[0], /^GET \/v1\/kv\/a%2Fb\?.*dc=dc2/);
    t.equal(namespace, 'storage');
  },
);

t.test('what fails says why, with the agent and without a token', async (t) => {
  const server = await standIn(says(500, 'No cluster leader'));
  const client = new ConsulClient(accessTo(server.address, { token: 'secret' }));
  t.same(await failureOf(client), {
    name: 'ConsulError',
    message: `Consul at ${server.address} answers 500: No cluster leader`,
    status: 500,
  });
  server.answer = says(403, "Permission denied: token with AccessorID 'x' lacks permission");
  t.same(await failureOf(client), {
    name: 'ConsulError',
    message: `Consul at ${server.address} refuses: Permission denied: token with AccessorID 'x' lacks permission`,
    status: 403,
  });
  server.answer = (_, response) => response.writeHead(502).end();
  t.match(await failureOf(client), { message: /answers 502: bad gateway$/, status: 502 });

  server.answer = (request) => request.socket.destroy();
  t.match(await failureOf(client), { message: /does not answer: socket hang up/ });
  server.close();
  t.match(await failureOf(client), {
    message: new RegExp(`^Consul at ${server.address} does not answer: .*ECONNREFUSED`),
    status: undefined,
  });
  const nowhere = new ConsulClient(accessTo('unix:///no/such.sock'));
  t.match(await failureOf(nowhere), { message: /does not answer: .*ENOENT/ });
  const unreadable = new ConsulClient(accessTo(server.address, { tokenFile: '/no/such' }));
  t.match(await failureOf(unreadable), { message: /^cannot read the token for Consul: ENOENT/ });
});

t.test('an agent that says nothing, or stops in the middle, is given up', async (t) => {
  const server = await standIn(() => undefined);
  const client = new ConsulClient(accessTo(server.address));
  const silent = failureOf(client);
  const other = await standIn((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('[{"Key":');
    setTimeout(() => response.destroy(), 50);
  });
  const cut = failureOf(new ConsulClient(accessTo(other.address)));
  t.match(await silent, { message: /does not answer: no answer in time$/, status: undefined });
  t.match(await cut, { name: 'ConsulError', status: undefined });
});

t.test('an answer that is not JSON is an error', async (t) => {
  const server = await standIn((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
  );
  t.match(await failureOf(new ConsulClient(accessTo(server.address))), { name: 'ConsulError' });
});

t.test('a tree is what is at a path and below it', async (t) => {
  const value = Buffer.from('x').toString('base64');
  const keys = ['p/config', 'p/config/', 'p/config/a', 'p/config/b/c', 'p/config2', 'p/config-old'];
  const server = await standIn(
    json([...keys.map((Key) => ({ Key, Value: value })), { Key: 'p/config/empty', Value: null }]),
  );
  const found = await readTree(new ConsulClient(accessTo(server.address)), 'p/config');
  t.same(
    found.map((entry) => `${entry.key}=${entry.value}`),
    ['p/config=x', 'p/config/a=x', 'p/config/b/c=x', 'p/config/empty='],
  );
});
