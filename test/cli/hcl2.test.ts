import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { vaultStandIn } from '../vault/stand-in.js';
import { here } from './here.js';

const FIELDS = `
  plugin_id = "rbd"
  capability {
    access_mode     = "single-node-writer"
    attachment_mode = "file-system"
  }
`;

const SET = `variable "size" {
  default = "1GiB"
}
volume "data" {
  count        = 2
  capacity_min = var.size
  ${FIELDS}
}
volume "log" {
  capacity_min = var.size
  ${FIELDS}
}
`;

t.test('several volumes are created in order, and printed as a list', async (t) => {
  const { plugin, folder, run } = await here(t);
  await writeFile(join(folder, 'set.hcl'), SET);
  await writeFile(join(folder, 'size.json'), '{"size": "2GiB"}');
  const created = await run('volume create -json -var-file=size.json set.hcl');
  t.equal(created.code, 0, created.stderr);
  t.same(
    JSON.parse(created.stdout).map(({ name }: { name: string }) => name),
    ['data[0]', 'data[1]', 'log'],
  );
  const asked = (name: string, requiredBytes: bigint) => ({
    request: { name, capacityRange: { requiredBytes } },
  });
  t.match(
    plugin.calls,
    ['data[0]', 'data[1]', 'log'].map((name) => asked(name, 2n << 30n)),
  );
  plugin.calls.length = 0;
  await run('volume create -var size=3GiB -var-file size.json set.hcl');
  t.match(plugin.calls[0], asked('data[0]', 3n << 30n), '-var counts most');
  t.match(await run('volume validate set.hcl'), {
    code: 0,
    stdout: /"data\[0\]" is valid\n.*"data\[1\]" is valid\n.*"log" is valid\n/,
  });
  t.match(await run('volume expand set.hcl 5GiB'), { code: 2, stderr: /holds 3 volumes/ });
});

t.test('mistakes with variables are usage errors with their places', async (t) => {
  const { plugin, folder, run } = await here(t);
  await writeFile(join(folder, 'set.hcl'), SET);
  t.match(await run('volume create -var sise=1 set.hcl'), {
    code: 2,
    stderr:
      /There is no variable "sise"\n\n {2}on -var sise:1:1\n.*\n.*\n\n {2}Did you mean "size"\?/,
  });
  t.match(await run('volume create -var size set.hcl'), {
    code: 2,
    stderr: /-var takes a name and a value: -var name=value/,
  });
  t.match(await run('volume create -var-file none.hcl set.hcl'), {
    code: 2,
    stderr: /Cannot read none\.hcl/,
  });
  t.same(plugin.took(), []);
});

const SECRET = 'AQBxyzSECRET9876==';

t.test('values from Vault reach the plugin, and nothing that is printed', async (t) => {
  const { plugin, folder, run } = await here(t);
  const vault = await vaultStandIn(t, { 'secret/data/ceph': { key: SECRET, pool: 'hidden-pool' } });
  await writeFile(
    join(folder, 'v.hcl'),
    `volume "v" {
  ${FIELDS}
  secrets {
    userKey = vault("secret/ceph", "key")
  }
  parameters = { pool = vault("secret/ceph", "pool") }
}
`,
  );
  const env = {
    PANNIER_ENDPOINT: `unix://${folder}/csi.sock`,
    VAULT_ADDR: vault.address,
    VAULT_TOKEN: 'good',
  };
  t.match((await run('volume plan v.hcl', { env })).stdout, '"pool": "(sensitive)"');
  for (const line of ['volume plan v.hcl', 'volume plan -json v.hcl', 'volume create v.hcl']) {
    const { code, stdout, stderr } = await run(line, { env });
    t.equal(code, 0, stderr);
    t.notMatch(stdout + stderr, /SECRET9876|hidden-pool/, line);
  }
  t.match(plugin.calls[0]?.request, {
    secrets: { userKey: SECRET },
    parameters: { pool: 'hidden-pool' },
  });
  const { fail } = await import('../../src/volume/errors.js');
  plugin.failing.set('CreateVolume', () =>
    fail('unknown-pool', { pool: 'hidden-pool', cluster: 'c' }),
  );
  for (const line of ['volume create v.hcl', 'volume create -json v.hcl']) {
    const { code, stdout, stderr } = await run(line, { env });
    t.equal(code, 1);
    t.match(
      stderr,
      'pool \\"(sensitive)\\" does not exist'.replaceAll('\\', line.includes('json') ? '\\' : ''),
    );
    t.notMatch(stdout + stderr, 'hidden-pool');
  }
  t.match(await run('volume create v.hcl', { env: { ...env, VAULT_TOKEN: 'bad' } }), {
    code: 2,
    stderr:
      /on v\.hcl:\d+:\d+\n.*vault\("secret\/ceph", "key"\)[\s\S]*does not let this token read/,
  });
  const asked = vault.asked.length;
  t.equal((await run('volume validate v.hcl', { env })).code, 0);
  t.equal(vault.asked.length, asked, 'validate asks nobody');
});
