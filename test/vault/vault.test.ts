import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { askVault } from '../../src/vault/client.js';
import { VaultError } from '../../src/vault/errors.js';
import { readField } from '../../src/vault/secrets.js';
import { vaultSettings } from '../../src/vault/settings.js';
import { vaultStandIn } from './stand-in.js';

const SECRETS = {
  'secret/data/ceph/main': { key: 'AQB==', port: 6789, on: true, list: [1] },
  'kv/ceph': { key: 'old' },
};

async function failure(work: Promise<unknown>): Promise<VaultError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof VaultError)) throw new Error(`no VaultError: ${error}`);
  return error;
}

t.test('a field is read from either version of the key/value engine', async (t) => {
  const { address, asked } = await vaultStandIn(t, SECRETS);
  const settings = await vaultSettings({
    VAULT_ADDR: address,
    VAULT_TOKEN: 'good',
    VAULT_NAMESPACE: 'team',
  });
  t.equal(await readField(settings, 'secret/ceph/main', 'key'), 'AQB==');
  t.equal(await readField(settings, '/secret/data/ceph/main', 'key'), 'AQB==', 'as the API has it');
  t.equal(await readField(settings, 'secret/ceph/main', 'port'), '6789');
  t.equal(await readField(settings, 'secret/ceph/main', 'on'), 'true');
  t.equal(await readField(settings, 'kv/ceph', 'key'), 'old');
  t.ok(asked.every(({ token, namespace }) => token === 'good' && namespace === 'team'));
});

t.test('what cannot be read is told with what to do, and without a value', async (t) => {
  const { address } = await vaultStandIn(t, SECRETS, (path) => {
    if (path.includes('sealed')) return { status: 503 };
    if (path.includes('broken')) return { status: 500, body: { errors: ['it  broke'] } };
    return path.includes('html') ? { body: '<html>' } : undefined;
  });
  const settings = await vaultSettings({ VAULT_ADDR: address, VAULT_TOKEN: 'good' });
  const cases: ReadonlyArray<
    readonly [path: string, key: string, message: RegExp, remedy: RegExp]
  > = [
    ['secret/none', 'key', /has nothing at "secret\/none"$/, /vault kv get secret\/none/],
    [
      'secret/ceph/main',
      'kay',
      /"secret\/ceph\/main" has no "kay"; did you mean "key"\?$/,
      /kv get/,
    ],
    ['secret/ceph/main', 'list', /^"list" in .* is no text$/, /kv get/],
    ['other/x', 'key', /does not let this token read "other\/x"$/, /path "other\/x" \{/],
    ['sealed', 'key', /is sealed or not ready$/, /vault status/],
    ['broken', 'key', /answers 500: it broke$/, /vault status/],
    ['html', 'key', /has nothing at "html"$/, /kv get/],
  ];
  for (const [path, key, message, remedy] of cases) {
    const error = await failure(readField(settings, path, key));
    t.match(error, { message, remedy }, path);
    t.notMatch(`${error.message} ${error.remedy}`, 'AQB');
  }
  const nobody = await vaultSettings({ VAULT_ADDR: address, HOME: '/nonexistent' });
  t.match(await failure(readField(nobody, 'secret/ceph/main', 'key')), {
    remedy: /Set VAULT_TOKEN/,
    status: 403,
  });
});

t.test('a standby sends on, and only to what is believed as much', async (t) => {
  const active = await vaultStandIn(t, SECRETS);
  const standby = await vaultStandIn(t, {}, (path) => ({
    status: 307,
    location: `${active.address}${path}`,
  }));
  const settings = await vaultSettings({ VAULT_ADDR: standby.address, VAULT_TOKEN: 'good' });
  t.equal(await readField(settings, 'kv/ceph', 'key'), 'old');
  const plain = await vaultStandIn(t, {}, () => ({
    status: 307,
    location: 'https://127.0.0.1:1/',
  }));
  const elsewhere = await vaultSettings({ VAULT_ADDR: plain.address, VAULT_TOKEN: 'good' });
  t.match(await failure(readField(elsewhere, 'kv/ceph', 'key')), { status: 307 });
});

t.test('a Vault that is not there or does not answer', async (t) => {
  const { address } = await vaultStandIn(t, {}, () => 'hang');
  const settings = await vaultSettings({ VAULT_ADDR: address, VAULT_TOKEN: 'good' });
  t.match(await failure(askVault(settings, 'x', 100)), {
    message: /did not answer within 0.1 s$/,
    remedy: /VAULT_ADDR/,
  });
  const none = await vaultSettings({ VAULT_ADDR: 'http://127.0.0.1:1', VAULT_TOKEN: 'good' });
  t.match(await failure(askVault(none, 'x')), { message: /nothing listens there$/ });
  const huge = await vaultStandIn(t, {}, () => ({ body: 'x'.repeat(2 << 20) }));
  const flooded = await vaultSettings({ VAULT_ADDR: huge.address, VAULT_TOKEN: 'good' });
  t.match(await failure(askVault(flooded, 'x')), { message: /more than a megabyte/ });
});

t.test("the settings are Vault's own variables", async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'pannier-vault-'));
  t.teardown(() => rm(home, { recursive: true }));
  await writeFile(join(home, '.vault-token'), 'kept\n');
  await writeFile(join(home, 'ca.pem'), 'PEM');
  const { address, ...kept } = await vaultSettings({
    HOME: home,
    VAULT_CACERT: join(home, 'ca.pem'),
    VAULT_SKIP_VERIFY: 'true',
    VAULT_TLS_SERVER_NAME: 'vault',
  });
  t.equal(address.href, 'https://127.0.0.1:8200/');
  t.match(kept, { token: 'kept', ca: 'PEM', skipVerify: true, serverName: 'vault' });
  t.equal((await vaultSettings({ HOME: home, VAULT_TOKEN: 'given' })).token, 'given');
  t.match(await failure(vaultSettings({ VAULT_ADDR: 'vault:8200' })), {
    message: /VAULT_ADDR is "vault:8200"/,
  });
  t.match(await failure(vaultSettings({ VAULT_CACERT: '/none' })), {
    message: /cannot read \/none/,
    remedy: /VAULT_CACERT/,
  });
});
