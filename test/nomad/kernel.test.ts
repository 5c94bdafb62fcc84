import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { packageRoot } from '../../src/cli/package.js';
import { labFolder } from '../lab/folder.js';
import { serveFile } from '../lab/http.js';
import { type Machine, startMachine } from '../lab/machine/machine.js';
import { HOST } from '../lab/machine/network.js';
import { type Allocation, completed, running } from '../lab/nomad/allocations.js';
import { chrootFiles } from '../lab/nomad/chroot.js';
import { type LabNomad, startNomad } from '../lab/nomad.js';
import { tarball } from '../lab/packages.js';
import { devicesOf, leftIn, NOTHING_LEFT, startCephForMachines } from '../node/krbd-site.js';
import { goTool } from '../tools/build.js';
import { consumerJob } from './consumer.js';

const JOBSPECS = join(packageRoot(), 'jobspecs', 'nomad');
const PLUGIN = 'pannier';
/** In memory: a socket must be, and the tarball is unpacked there. */
const DATA = '/run/nomad';
const PUBLISHED = `${DATA}/client/csi/monolith/${PLUGIN}/per-alloc`;
const VOLUME = 'data';
const TEXT = 'written by a job';
const LIMIT_MS = 120_000;
const CONSUMER = { volumes: { data: { source: VOLUME } } };

const quote = JSON.stringify;

/** Nomad's client in a machine, which finds its server outside. */
async function startClient(machine: Machine, nomad: LabNomad): Promise<void> {
  const config = join(machine.folder, 'nomad.hcl');
  const files = [...(await chrootFiles([]))].map(
    ([from, to]) => `    ${quote(from)} = ${quote(to)}`,
  );
  const server = await nomad.get<string>('/v1/status/leader');
  writeFileSync(
    config,
    `name      = ${quote(machine.name)}
data_dir  = ${quote(DATA)}
bind_addr = ${quote(machine.address)}
log_level = "DEBUG"
disable_update_check = true
client {
  enabled           = true
  servers           = [${quote(server)}]
  network_interface = "eth0"
  # A User-Mode Linux does not say how fast it is.
  cpu_total_compute = 4000
  chroot_env {
${files.join('\n')}
  }
  options {
    "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean"
  }
}
plugin "raw_exec" {
  config {
    enabled = true
  }
}
`,
  );
  const program = await machine.spawn([await goTool('nomad'), 'agent', `-config=${config}`]);
  t.teardown(() => {
    if (!t.passing()) t.comment(`nomad on ${machine.name}: ${program.stdout.slice(-8000)}`);
  });
  await nomad.until<readonly { Name: string; Status: string }[]>('/v1/nodes', (nodes) =>
    nodes.some(({ Name, Status }) => Name === machine.name && Status === 'ready'),
  );
}

t.test('Nomad with a client whose kernel has rbd', async (t) => {
  const ceph = await startCephForMachines();
  const url = await serveFile(await tarball(), HOST);
  const nomad = await startNomad({ host: HOST, clients: 0 });
  const machine = await startMachine('m1', { mebibytes: 2048 });
  await startClient(machine, nomad);
  await nomad.put('/v1/var/nomad/jobs/pannier', {
    Path: 'nomad/jobs/pannier',
    Items: { key: ceph.key },
  });
  const variables = {
    ceph_monitors: JSON.stringify(ceph.monitors),
    ceph_pool: ceph.pool,
    package: url,
    client_state_dir: `${DATA}/client`,
    state_dir: join(machine.folder, 'state'),
  };
  const flags = Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`);
  const job = join(JOBSPECS, 'exec', 'monolith.nomad.hcl');
  await nomad.cli('job', 'run', '-detach', ...flags, job);
  await nomad.pluginHealthy(PLUGIN, 1, 1);
  const unclaimed = () =>
    nomad.until<{ readonly WriteAllocs: object | null }>(
      `/v1/volume/csi/${VOLUME}`,
      ({ WriteAllocs }) => Object.keys(WriteAllocs ?? {}).length === 0,
    );

  // Nomad may not know yet that the plugin is back, or have left ControllerUnpublishVolume out: the node gives the volume
  // up a moment later.
  const deleted = async () => {
    for (const end = Date.now() + LIMIT_MS; ; await sleep(1000))
      try {
        return await nomad.cli('volume', 'delete', VOLUME);
      } catch (error) {
        if (Date.now() > end || !/is in use by|is not healthy/.test(String(error))) throw error;
      }
  };

  await t.test('a job writes into a volume that the kernel has mapped', async (t) => {
    await nomad.cli('volume', 'create', join(JOBSPECS, 'data.volume.hcl'));
    const script = `printf '${TEXT}' >/data/file && sync /data/file && cat /proc/mounts >&2`;
    await nomad.runJob(consumerJob({ ...CONSUMER, id: 'writer', type: 'batch', script }));
    const { ID } = await completed(nomad, 'writer');
    t.match(await nomad.cli('alloc', 'logs', '-stderr', ID), /^\/dev\/rbd\d+ \/data xfs /m);
    await unclaimed();
    t.same(await devicesOf(machine), []);
  });

  await t.test('the file is in the image', async (t) => {
    const [volume] = await nomad.get<readonly { ExternalID: string }[]>('/v1/volumes?type=csi');
    const image = volume?.ExternalID.slice('ceph/'.length) ?? '';
    const copy = join(labFolder(), 'image');
    await ceph.rbd('export', '--no-progress', image, copy);
    // Not mounted: `mount -o loop` looks at every loop device, and waits where one of another test's does not answer.
    const found = execFileSync('grep', ['--text', '--only-matching', '--max-count=1', TEXT, copy]);
    t.equal(found.toString().trim(), TEXT);
  });

  await t.test('a plugin that is killed under a job leaves its volume alone', async (t) => {
    const script = 'while sleep 1; do echo tick >>/data/log; done';
    await nomad.runJob(consumerJob({ ...CONSUMER, id: 'keeper', script }));
    const [allocation] = await running(nomad, 'keeper');
    const log = `${PUBLISHED}/${allocation?.ID}/${VOLUME}/rw-file-system-single-node-writer/log`;
    // The task may not have begun.
    const lines = async () => (await machine.run('cat', log).catch(() => '')).split('\n').length;
    const grows = async (than: number) => {
      for (const end = Date.now() + LIMIT_MS; (await lines()) <= than; await sleep(200))
        if (Date.now() > end) throw new Error(`${log} does not grow`);
    };
    await grows(1);
    const [plugin] = await running(nomad, 'pannier');
    await nomad.cli('alloc', 'signal', '-s', 'SIGKILL', plugin?.ID ?? '');
    await grows(await lines());
    // What Nomad says of the plugin's health is older: a job that ends before the plugin is back is not unmounted.
    await nomad.until<readonly Allocation[]>('/v1/job/pannier/allocations', (all) =>
      all.some(({ TaskStates }) => {
        const { Restarts = 0, Events = [] } = TaskStates?.plugin ?? {};
        return Restarts > 0 && Events.at(-1)?.DisplayMessage === `plugin: ${PLUGIN}`;
      }),
    );
    await nomad.pluginHealthy(PLUGIN, 1, 1);
    await grows(await lines());
    await nomad.cli('job', 'stop', '-detach', '-purge', 'keeper');
    await unclaimed();
    await deleted();
    t.same(await leftIn(machine), NOTHING_LEFT);
  });
});
