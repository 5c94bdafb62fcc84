import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/cli/package.js';
import { specOf } from '../lab/bytes.js';
import { running } from '../lab/nomad/allocations.js';
import { startJobspecSite } from '../nomad/jobspecs/site.js';

const GUIDE = join(packageRoot(), 'docs', 'guides', 'install-on-nomad.md');
const LIMIT_MS = 300_000;

/** What the guide says to type, in its order. */
function commands(): string {
  const blocks = readFileSync(GUIDE, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, text]) => text).join('');
}

t.test('the install guide, word for word, ends with a running database', async (t) => {
  const site = await startJobspecSite('exec');
  const { nomad, ceph } = site;
  const folder = site.file('guide');
  mkdirSync(folder);
  symlinkSync(join(packageRoot(), 'jobspecs'), join(folder, 'jobspecs'));
  writeFileSync(
    join(folder, 'site.hcl'),
    [
      `ceph_monitors = ${JSON.stringify(ceph.monitors)}`,
      `ceph_pool     = ${JSON.stringify(ceph.pool)}`,
      `package       = ${JSON.stringify(site.packageUrl)}`,
      '',
    ].join('\n'),
  );
  const shell = spawn('sh', ['-eux', '-c', commands()], {
    cwd: folder,
    env: {
      ...nomad.env,
      PATH: `${dirname(nomad.program)}:${process.env.PATH}`,
      CEPH_ARGS: `--conf=${ceph.conf} --id=admin`,
      WITH: 'exec',
      NOMAD_VAR_client_state_dir: nomad.client.stateDir,
      NOMAD_VAR_state_dir: site.file('state'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  let said = '';
  for (const stream of [shell.stdout, shell.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk;
    });
  const code = await new Promise((resolve) => shell.once('close', resolve));
  t.equal(code, 0, said);
  t.match(said, /\nkept in Ceph\n/, 'the database has what it was told');
  t.notMatch(said, ceph.key, 'the key is shown nowhere');

  const [database] = await running(nomad, 'database');
  t.equal(
    await site.exec(database, 'sh', '-c', 'redis-cli -p $NOMAD_PORT_redis GET letter'),
    'kept in Ceph',
    'and it runs',
  );
  const { ExternalID } = await nomad.get<{ ExternalID: string }>('/v1/volume/csi/database');
  t.match(await ceph.rbd('status', specOf(ExternalID)), 'watcher=', 'on an image in Ceph');
});
