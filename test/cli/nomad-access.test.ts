import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { run as runProgram } from '../../src/dev/run.js';
import { readLeader } from '../../src/nomad/agent.js';
import { NomadClient } from '../../src/nomad/client.js';
import { nomadSettings } from '../../src/nomad/settings.js';
import { Agent } from '../lab/agent.js';
import { labFolder } from '../lab/folder.js';
import { serverConfig } from '../lab/nomad/config.js';
import { ownPorts } from '../lab/ports.js';
import { goTool } from '../tools/build.js';
import { SPEC } from './here.js';
import { pannier, type Ran } from './pannier.js';

type Env = Readonly<Record<string, string>>;

const folder = labFolder();
const program = await goTool('nomad');

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate, signed by an authority of that name. */
async function certify(authority: string, name: string, names: string): Promise<void> {
  const file = (end: string) => join(folder, `${name}${end}`);
  writeFileSync(file('.ext'), `subjectAltName = ${names}\n`);
  const request = [...NEW_KEY, '-subj', `/CN=${name}`];
  await runProgram('openssl', ['req', ...request, '-keyout', file('.key'), '-out', file('.csr')]);
  const by = ['-CA', join(folder, `${authority}.pem`), '-CAkey', join(folder, `${authority}.key`)];
  await runProgram('openssl', [
    ...['x509', '-req', '-in', file('.csr'), ...by, '-CAcreateserial', '-days', '2'],
    ...['-extfile', file('.ext'), '-out', file('.pem')],
  ]);
}

for (const authority of ['ours', 'stranger'])
  await runProgram('openssl', [
    ...['req', '-x509', ...NEW_KEY, '-days', '2', '-subj', `/CN=${authority}`],
    ...['-keyout', join(folder, `${authority}.key`), '-out', join(folder, `${authority}.pem`)],
  ]);
await certify('ours', 'server', 'DNS:server.global.nomad,DNS:localhost,IP:127.0.0.1');
await certify('ours', 'client', 'DNS:client.global.nomad');
await certify('stranger', 'intruder', 'DNS:client.global.nomad');
await certify('ours', 'elsewhere', 'DNS:server.elsewhere.nomad');
writeFileSync(join(folder, 'spec.hcl'), SPEC);

const AUTHORITY = { NOMAD_CACERT: join(folder, 'ours.pem') };
const CLIENT = {
  NOMAD_CLIENT_CERT: join(folder, 'client.pem'),
  NOMAD_CLIENT_KEY: join(folder, 'client.key'),
};

/** A server of Nomad's that speaks TLS, and the environment by which it is reached. */
async function startServer(name: string, certificate: string, mutual: boolean): Promise<string> {
  const home = join(folder, name);
  mkdirSync(home);
  const [http = 0, rpc = 0, serf = 0] = await ownPorts(3);
  const tls = `tls {
  http                = true
  ca_file             = "${folder}/ours.pem"
  cert_file           = "${folder}/${certificate}.pem"
  key_file            = "${folder}/${certificate}.key"
  verify_https_client = ${mutual}
}`;
  const config = serverConfig(name, home, { http, rpc, serf }, [serf], {
    acl: mutual,
    config: tls,
    programs: [],
  });
  const agent = new Agent(name, home, program, config, `127.0.0.1:${http}`);
  t.teardown(() => agent.stop('SIGKILL'));
  agent.start();
  const address = `https://127.0.0.1:${http}`;
  using nomad = open({ NOMAD_ADDR: address, NOMAD_SKIP_VERIFY: '1', ...CLIENT });
  await agent.answers(async () => (await readLeader(nomad)) || undefined, 'a leader');
  return address;
}

function open(env: Env): NomadClient {
  return new NomadClient(nomadSettings({}, env));
}

function run(line: string, env: Env): Promise<Ran> {
  return pannier(line.split(' '), { env, cwd: folder });
}

const NONE = 'Container Storage Interface\nNo CSI volumes\n';

t.test('TLS: the authority is named, or the certificate is told as what it is', async (t) => {
  const NOMAD_ADDR = await startServer('tls', 'server', false);
  t.match(await run('volume status', { NOMAD_ADDR, ...AUTHORITY }), { code: 0, stdout: NONE });
  const flags = `-address=${NOMAD_ADDR} -ca-cert=${folder}/ours.pem`;
  t.match(await run(`volume status ${flags}`, {}), { code: 0, stdout: NONE });
  mkdirSync(join(folder, 'authorities'));
  await runProgram('cp', [join(folder, 'ours.pem'), join(folder, 'authorities')]);
  const byFolder = await run(`volume status -ca-path=${folder}/authorities`, { NOMAD_ADDR });
  t.match(byFolder, { code: 0, stdout: NONE });
  t.match(await run('volume status', { NOMAD_ADDR }), {
    code: 3,
    stderr: /signed by an authority that is not trusted here\nName the authority with -ca-cert/,
  });
  t.match(await run('volume status -tls-skip-verify', { NOMAD_ADDR }), { code: 0, stdout: NONE });
  t.match(await run('volume status', { NOMAD_ADDR, NOMAD_CACERT: join(folder, 'none.pem') }), {
    code: 2,
    stderr: /cannot read .*none\.pem.*\nCorrect -ca-cert or NOMAD_CACERT\./,
  });
  t.match(await run('volume status', { NOMAD_ADDR, NOMAD_CACERT: join(folder, 'spec.hcl') }), {
    code: 2,
    stderr: /holds no certificate or key in PEM/,
  });
  const plain = NOMAD_ADDR.replace('https', 'http');
  t.match(await run('volume status', { NOMAD_ADDR: plain }), {
    code: 3,
    stderr: /it speaks TLS\nWrite https:/,
  });
});

t.test('mutual TLS and tokens: who comes is known, and may do what the token says', async (t) => {
  const NOMAD_ADDR = await startServer('mutual', 'elsewhere', true);
  const named = { NOMAD_ADDR, ...AUTHORITY, NOMAD_TLS_SERVER_NAME: 'server.elsewhere.nomad' };
  const env = { ...named, ...CLIENT };
  t.match(await run('volume status', { ...env, NOMAD_TLS_SERVER_NAME: '' }), {
    code: 3,
    stderr: /its certificate is for another name\nSay which name it has with -tls-server-name/,
  });
  t.match(await run('volume status', named), {
    code: 3,
    stderr: /it asks for a certificate of the client\nGive one with -client-cert/,
  });
  const intruder = `-client-cert=${folder}/intruder.pem -client-key=${folder}/intruder.key`;
  t.match(await run(`volume status ${intruder}`, named), {
    code: 3,
    stderr: /it does not accept the client's certificate/,
  });

  t.match(await run('volume status', env), {
    code: 1,
    stderr:
      /nobody may do this without a token: GET \/v1\/volumes in namespace "default"\n.*"csi-list-volume"/,
  });
  const unknown = '11111111-2222-3333-4444-555555555555';
  t.match(await run(`volume status -token=${unknown}`, env), {
    code: 1,
    stderr: /the token may not do this, or Nomad does not know it: GET/,
  });
  using nobody = open(env);
  const needs = 'nothing';
  const boot = (await nobody.write('PUT', '/v1/acl/bootstrap', { needs })) as Token;
  using admin = open({ ...env, NOMAD_TOKEN: boot.SecretID });
  const Rules = `namespace "default" {
  capabilities = ["csi-read-volume"]
}
plugin {
  policy = "list"
}`;
  await admin.write('PUT', '/v1/acl/policy/look', { needs, body: { Name: 'look', Rules } });
  const token = { Name: 'look', Type: 'client', Policies: ['look'] };
  const { SecretID } = (await admin.write('PUT', '/v1/acl/token', { needs, body: token })) as Token;
  const looking = { ...env, NOMAD_TOKEN: SecretID };
  t.match(await run('volume status', looking), { code: 0, stdout: NONE });
  t.match(await run('plugin status', looking), { code: 0, stdout: /No CSI plugins/ });
  const created = await run('volume create spec.hcl', looking);
  t.match(created, {
    code: 1,
    stderr:
      /the token may not do this, or Nomad does not know it: PUT \/v1\/volume\/csi\/data\/create in namespace "default"\n.*"csi-write-volume"/,
  });
  t.notMatch(created.stderr, SecretID);
  const planned = await run('volume plan spec.hcl', { ...looking, NOMAD_NAMESPACE: 'prod' });
  t.match(planned, {
    code: 0,
    stdout: /what Nomad has is not known: the token may not do this, or/,
  });
  t.match(await run('volume create spec.hcl', { ...env, NOMAD_TOKEN: boot.SecretID }), {
    code: 1,
    stderr: /no CSI plugin named: rbd could be found/,
  });
});

interface Token {
  readonly SecretID: string;
}
