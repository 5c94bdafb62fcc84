import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import type { ConsulAccess } from '../../src/config/settings.js';
import { ConsulClient } from '../../src/consul/client.js';
import { readKey } from '../../src/consul/kv.js';
import { labFolder } from '../lab/folder.js';
import { goTool } from '../tools/build.js';
import { accessTo } from './stand-in.js';

const folder = labFolder();
const path = (name: string) => join(folder, name);
const program = await goTool('consul');

/** Consul's own command makes the certificates that its agents use. */
function tls(...args: string[]): void {
  execFileSync(program, ['tls', ...args], { cwd: folder });
}
tls('ca', 'create');
tls('cert', 'create', '-server', '-dc=dc1');
tls('cert', 'create', '-client', '-dc=dc1');

/** An agent of Consul's with its certificate, which has 127.0.0.1 and server.dc1.consul; answers its address. */
async function listen(host: string): Promise<string> {
  const options = {
    ca: readFileSync(path('consul-agent-ca.pem')),
    cert: readFileSync(path('dc1-server-consul-0.pem')),
    key: readFileSync(path('dc1-server-consul-0-key.pem')),
    requestCert: true,
    rejectUnauthorized: true,
  };
  const server = createServer(options, (_, response) => {
    const Value = Buffer.from('hello').toString('base64');
    const headers = { 'content-type': 'application/json' };
    response.writeHead(200, headers).end(JSON.stringify([{ Key: 'a', Value }]));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://${host}:${(server.address() as AddressInfo).port}`;
}

const here = await listen('127.0.0.1');
const there = await listen('127.0.0.2');

const FILES = {
  caFile: path('consul-agent-ca.pem'),
  certFile: path('dc1-client-consul-0.pem'),
  keyFile: path('dc1-client-consul-0-key.pem'),
};

/** What a request answers, or why it fails. */
async function ask(client: ConsulClient): Promise<string> {
  return readKey(client, 'a').then(String, ({ message }: Error) => message);
}

function clientWith(more: Partial<ConsulAccess>, address = here): ConsulClient {
  return new ConsulClient(accessTo(address, more));
}

t.test('an agent is trusted by its CA, and shown a certificate', async (t) => {
  t.equal(await ask(clientWith(FILES)), 'hello');
  const { caFile } = FILES;
  t.match(await ask(clientWith({})), /does not answer: unable to verify|self.signed/);
  t.match(
    await ask(clientWith({ caFile })),
    /does not answer: .*(certificate required|ECONNRESET|hang up)/i,
  );
});

t.test('a name that the certificate has can stand for another address', async (t) => {
  const wrong = /does not answer: .*does not match certificate/;
  t.match(await ask(clientWith(FILES, there)), wrong);
  t.equal(await ask(clientWith({ ...FILES, tlsServerName: 'server.dc1.consul' }, there)), 'hello');
  t.match(await ask(clientWith({ ...FILES, tlsServerName: 'server.dc2.consul' }, there)), wrong);
});

t.test('files that are renewed are used after the first failure', async (t) => {
  const gone = path('gone.pem');
  renameSync(FILES.certFile, gone);
  const client = clientWith(FILES);
  t.match(await ask(client), /^cannot read the certificate for Consul: ENOENT/);
  renameSync(gone, FILES.certFile);
  t.equal(await ask(client), 'hello');
});
