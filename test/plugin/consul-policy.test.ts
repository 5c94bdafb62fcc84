import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/cli/package.js';
import { pannier } from '../cli/pannier.js';
import { tokenFor } from '../consul/acl.js';
import { startCeph } from '../lab/ceph.js';
import { startConsul } from '../lab/consul.js';
import { labFolder } from '../lab/folder.js';
import { clusterBlock, codeOf, startPlugin } from '../lab/plugin.js';
import { blockAs, MIB } from './refusal.js';

const [ceph, consul] = await Promise.all([startCeph(), startConsul({ acls: true })]);

/** The rules that the guide gives. */
function rules(): string {
  const guide = readFileSync(join(packageRoot(), 'docs', 'guides', 'consul.md'), 'utf8');
  const [, after = ''] = guide.split('## What a token must be allowed');
  const [, code = ''] = /```hcl\n(.*?)```/s.exec(after) ?? [];
  return code;
}

t.test(
  "the guide's policy is enough for a plugin that uses all of Consul, and for commands",
  async (t) => {
    const token = await tokenFor(consul, 'guide', rules());
    const file = join(labFolder(), 'token');
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    const [host, port] = (ceph.monitors[0] ?? '').split(':');
    await consul.cli('services', 'register', '-name=ceph-mon', `-address=${host}`, `-port=${port}`);
    const cluster = { ...ceph.settings, conf: undefined, monitorsService: 'ceph-mon' };
    const text = `${clusterBlock(cluster)}\nconsul {\n  service = "pannier"\n}\n`;
    await consul.cli('kv', 'put', 'pannier/config', text);
    const plugin = await startPlugin({
      clusters: [],
      mode: 'controller',
      configAt: 'consul://pannier/config',
      env: { ...consul.env, CONSUL_HTTP_TOKEN_FILE: file },
    });
    await plugin.logged(({ msg }) => msg === 'registered in Consul');
    const create = plugin.controller.createVolume({
      name: 'allowed',
      capacityRange: { requiredBytes: MIB },
      volumeCapabilities: [blockAs()],
    });
    t.equal(await codeOf(create), 'OK');
    await consul.cli('kv', 'put', 'pannier/config', `log_level = "debug"\n${text}`);
    await plugin.logged(({ msg }) => msg === 'a changed configuration is in use', 30_000);

    const env = { CONSUL_HTTP_ADDR: consul.address };
    const line = ['volume', 'status', '-endpoint=consul://'];
    const allowed = await pannier(line, { env: { ...env, CONSUL_HTTP_TOKEN: token } });
    t.match(allowed, { code: 0, stdout: /allowed/ });
    t.match(await pannier(line, { env }), { code: 3, stderr: /Consul has no service "pannier"/ });
    t.equal(await plugin.stop('SIGTERM'), 0);
    t.same(await consul.get('/v1/health/service/pannier'), []);
    t.notMatch(plugin.stderr, token);
  },
);
