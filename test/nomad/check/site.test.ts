import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Finding } from '../../../src/nomad/check/finding.js';
import { pannier } from '../../cli/pannier.js';
import { ended, running } from '../../lab/nomad/allocations.js';
import type { LabClient } from '../../lab/nomad.js';
import { consumerJob, HOLD } from '../consumer.js';
import { PLUGIN, startSite } from '../site.js';
import { readVolume, volumeSpec } from '../volumes.js';

const site = await startSite({ clients: 2 });
const { nomad } = site;
const [one, two] = nomad.clients as readonly [LabClient, LabClient];
const LIMIT_MS = 90_000;

/** What the command finds, on the machine of a client of Nomad's. */
async function check(): Promise<{ code: number | null; findings: readonly Finding[] }> {
  const env = { NOMAD_ADDR: `http://${one.agent.address}` };
  const { code, stdout, stderr } = await pannier(['nomad', 'check', '-json'], { env });
  if (stdout === '') throw new Error(stderr);
  const { findings, gaps } = JSON.parse(stdout);
  t.same(gaps, [], 'all of it could be read');
  return { code, findings };
}

/** Looks until these are found, and answers them: Nomad takes its time to see a plugin come and go. */
async function finds(t: Test, ...kinds: string[]): Promise<readonly Finding[]> {
  const of = (findings: readonly Finding[]) => findings.map(({ kind }) => kind).sort();
  const wanted = [...kinds].sort();
  for (const end = Date.now() + LIMIT_MS; ; await sleep(500)) {
    const { code, findings } = await check();
    const isError = findings.some(({ severity }) => severity === 'error');
    if (of(findings).join() !== wanted.join() && Date.now() < end) continue;
    t.same(of(findings), wanted);
    t.equal(code, isError ? 1 : 0, 'the exit code tells of errors');
    return findings;
  }
}

/** A job that says that it is a plugin, and is none: what is wrong with it is seen in what it asks for. */
function pluginJob(id: string, plugin: string, driver = 'raw_exec', type = 'service'): string {
  return `job "${id}" {
  type = "${type}"
  group "plugin" {
    task "plugin" {
      driver = "${driver}"
      config {
        ${driver === 'docker' ? 'image = "none:1"' : 'command = "/bin/sleep"\n        args    = ["1000"]'}
      }
      csi_plugin {
        ${plugin}
        health_timeout = "1h"
      }
      resources {
        cpu    = 20
        memory = 32
      }
    }
  }
}`;
}

async function stop(job: string): Promise<void> {
  await nomad.cli('job', 'stop', '-detach', '-purge', job);
  await ended(nomad, job);
}

t.test('a site in order', async (t) => {
  await finds(t);
  const env = { NOMAD_ADDR: `http://${one.agent.address}` };
  t.match(await pannier(['nomad', 'check'], { env }), { code: 0, stdout: 'Nothing found\n' });
});

t.test('a node plugin by raw_exec that mounts where Nomad does not look', async (t) => {
  await nomad.runJob(
    pluginJob('astray', 'id = "astray"\n type = "node"\n mount_dir = "/csi"', undefined, 'system'),
  );
  const findings = await finds(t, 'wrong-base-dir', 'no-node');
  const finding = findings.find(({ kind }) => kind === 'wrong-base-dir');
  t.match(finding, {
    severity: 'error',
    subject: 'job "astray"',
    problem: `stage_publish_base_dir of its csi_plugin is "/local/csi", and should be "${one.stateDir}/csi/node/astray"`,
  });
  await stop('astray');
  await finds(t);
});

t.test('a node plugin by a driver whose mounts nobody sees, and as a job that moves', async (t) => {
  await nomad.runJob(
    pluginJob('hidden', 'id = "hidden"\n type = "node"\n mount_dir = "/csi"', 'exec'),
  );
  const findings = await finds(t, 'driver-hides-mounts', 'node-job-not-system', 'no-node');
  for (const { kind, subject } of findings)
    t.equal(subject, kind === 'no-node' ? 'plugin "hidden"' : 'job "hidden"');
  await stop('hidden');
});

t.test('a plugin by Docker, on clients that have none', async (t) => {
  const text = pluginJob(
    'contained',
    'id = "contained"\n type = "node"\n mount_dir = "/csi"',
    'docker',
    'system',
  );
  await nomad.runJob(text);
  const kinds = ['driver-missing', 'network-not-host', 'privileges-missing', 'no-node'];
  const findings = await finds(t, ...kinds);
  t.match(
    findings.find(({ kind }) => kind === 'driver-missing'),
    {
      severity: 'error',
      subject: 'clients "c1", "c2"',
      problem: /^the driver "docker" is not usable there: /,
      reason: 'plugins run by that driver: job "contained"',
    },
  );
  await stop('contained');
});

t.test('jobs that want a volume which is not there, or one for several', async (t) => {
  await nomad.cli('volume', 'create', site.file('few.hcl', volumeSpec({ id: 'few' })));
  const volumes = { data: { source: 'nothing' } };
  await nomad.runJob(consumerJob({ id: 'waits', script: HOLD, volumes }));
  t.match(await finds(t, 'volume-missing'), [{ subject: 'job "waits", group "group"' }]);
  await stop('waits');
  // Nomad itself wants per_alloc there, unless the access mode is left to the volume.
  const namespace = consumerJob({
    ...{ id: 'apart', script: HOLD, namespace: 'web' },
    volumes: { data: { source: 'few' } },
  });
  await nomad.cli('namespace', 'apply', 'web');
  await nomad.runJob(namespace);
  const [finding] = await finds(t, 'volume-missing');
  t.match(finding?.problem, 'it wants volume "few", and there is none in namespace "web"');
  await nomad.cli('job', 'stop', '-detach', '-purge', '-namespace=web', 'apart');
  await finds(t);
});

t.test('one image under two volumes', async (t) => {
  const { ExternalID } = await readVolume(nomad, 'few');
  const twin = volumeSpec({ id: 'twin', more: `external_id = "${ExternalID}"` });
  await nomad.cli('volume', 'register', site.file('twin.hcl', twin));
  const [finding] = await finds(t, 'registered-twice');
  t.match(finding, { severity: 'error', subject: 'volume "few" and volume "twin"' });
  await nomad.cli('volume', 'deregister', 'twin');
  await finds(t);
});

t.test('a client that is lost, with the claim of what ran there', async (t) => {
  await nomad.runJob(
    consumerJob({ id: 'lost', script: HOLD, volumes: { data: { source: 'few' } }, on: two.name }),
  );
  await running(nomad, 'lost');
  await two.kill();
  await nomad.until<{ Status: string }>(
    `/v1/node/${two.nodeId}`,
    ({ Status }) => Status === 'down',
  );
  const findings = await finds(t, 'claim-stuck', 'client-lost', 'one-controller');
  t.match(
    findings.find(({ kind }) => kind === 'client-lost'),
    { severity: 'warning', subject: 'client "c2"' },
  );
  await two.start();
  await site.runPlugin(two);
  await site.healthy();
  await stop('lost');
  await nomad.cli('system', 'gc');
  await finds(t);
});

t.test('a plugin that is ill, and one that is gone under its volumes', async (t) => {
  const [allocation] = await running(nomad, site.jobOf(two));
  const pid = site.pluginPid(two) ?? 0;
  process.kill(pid, 'SIGSTOP');
  const kinds = ['instance-unhealthy', 'instance-unhealthy', 'one-controller'];
  const ill = await finds(t, ...kinds).finally(() => process.kill(pid, 'SIGCONT'));
  t.match(ill, [
    { severity: 'error', subject: `plugin "${PLUGIN}", controller on client "c2"` },
    { remedy: `See \`nomad alloc logs -stderr ${allocation?.ID.slice(0, 8)}\`.` },
  ]);
  await finds(t);
  await stop(site.jobOf(two));
  const [without] = await finds(t, 'client-without-plugin', 'one-controller');
  t.match(without, { severity: 'warning' });
  await stop(site.jobOf(one));
  const gone = await finds(t, 'no-plugin', 'volume-without-plugin');
  t.match(gone, [{ subject: 'cluster' }, { subject: 'volume "few"' }]);
});
