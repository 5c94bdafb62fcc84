import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { startConsul } from '../lab/consul.js';
import { startNomad } from '../lab/nomad.js';
import { here } from './here.js';

const SPEC = `volume "v" {
  plugin_id = "rbd"
  capability {
    access_mode     = "single-node-writer"
    attachment_mode = "file-system"
  }
  secrets {
    userID  = consul_key("pannier/user")
    userKey = nomad_variable("pannier/ceph", "key")
  }
}
`;

t.test('secrets come from a real Nomad and a real Consul', async (t) => {
  const nomad = await startNomad({ clients: 0 });
  const consul = await startConsul();
  await nomad.cli('var', 'put', 'pannier/ceph', 'key=from-nomad');
  await consul.cli('kv', 'put', 'pannier/user', 'from-consul');
  const { plugin, folder, run } = await here(t);
  await writeFile(join(folder, 'v.hcl'), SPEC);
  const env = {
    PANNIER_ENDPOINT: `unix://${folder}/csi.sock`,
    NOMAD_ADDR: nomad.address,
    CONSUL_HTTP_ADDR: consul.address,
  };
  const created = await run('volume create -register=false v.hcl', { env });
  t.equal(created.code, 0, created.stderr);
  t.match(plugin.calls[0]?.request.secrets, { userID: 'from-consul', userKey: 'from-nomad' });
  t.notMatch(created.stdout + created.stderr, /from-(?:nomad|consul)/);

  await writeFile(
    join(folder, 'v.hcl'),
    SPEC.replace('"key"', '"kay"').replace('pannier/user', 'pannier/nobody'),
  );
  const { code, stderr } = await run('volume create -register=false v.hcl', { env });
  t.equal(code, 2);
  t.match(stderr, /Consul at \S+ has no key "pannier\/nobody"/);
  t.match(stderr, /variable "pannier\/ceph" has no item "kay"; did you mean "key"\?/);
  t.match(
    await run('volume create -register=false v.hcl', {
      env: { ...env, NOMAD_ADDR: 'http://127.0.0.1:1', CONSUL_HTTP_ADDR: '127.0.0.1:1' },
    }),
    {
      code: 2,
      stderr: /Consul at \S+ does not answer[\s\S]*No Nomad answers at http:\/\/127\.0\.0\.1:1/,
    },
  );
});
