import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Finding, FindingKind } from '../../../src/nomad/check/finding.js';
import { pannier } from '../../cli/pannier.js';
import { startDocker } from '../../lab/docker.js';
import { labFolder } from '../../lab/folder.js';
import { ended } from '../../lab/nomad/allocations.js';
import { startNomad } from '../../lab/nomad.js';

const LIMIT_MS = 90_000;
const IMAGE = 'bare:1';

const docker = await startDocker();
// An empty one: containers are refused before anything in it would run.
const layer = join(labFolder(), 'layer.tar');
execFileSync('tar', ['--create', '--file', layer, '--files-from', '/dev/null']);
await docker.docker('import', layer, IMAGE);
// This Docker may give nothing to a container but what Docker gives to each.
const nomad = await startNomad({ docker: { endpoint: docker.endpoint, allowCaps: [] } });

async function check(): Promise<readonly Finding[]> {
  const env = { NOMAD_ADDR: `http://${nomad.client.agent.address}` };
  const { stdout, stderr } = await pannier(['nomad', 'check', '-json'], { env });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout).findings;
}

/** Runs a node plugin by Docker, and looks until just these kinds are found of it. */
async function finds(
  t: Test,
  config: string,
  ...kinds: FindingKind[]
): Promise<readonly Finding[]> {
  await nomad.runJob(`job "plugin" {
  type = "system"
  group "plugin" {
    task "plugin" {
      driver = "docker"
      config {
        image        = "${IMAGE}"
        force_pull   = false
        command      = "/nothing"
        ${config}
      }
      csi_plugin {
        id        = "contained"
        type      = "node"
        mount_dir = "/csi"
      }
      resources {
        cpu    = 20
        memory = 32
      }
    }
  }
}`);
  const wanted = [...kinds].sort();
  for (const end = Date.now() + LIMIT_MS; ; await sleep(500)) {
    const findings = await check();
    const found = findings.map(({ kind }) => kind).sort();
    if (found.join() !== wanted.join() && Date.now() < end) continue;
    t.same(found, wanted);
    await nomad.cli('job', 'stop', '-detach', '-purge', 'plugin');
    await ended(nomad, 'plugin');
    return findings;
  }
}

const HOST = 'network_mode = "host"';
const MOUNTS = `cap_add = ["sys_admin"]
        devices = [
          { host_path = "/dev/fuse", container_path = "/dev/fuse" },
          { host_path = "/dev/loop-control", container_path = "/dev/loop-control" },
        ]`;

t.test('a privileged container, which the client does not allow', async (t) => {
  const kinds = ['privileged-not-allowed', 'privileged-not-allowed', 'no-node'] as const;
  const findings = await finds(t, `${HOST}\n        privileged = true`, ...kinds);
  t.match(
    findings.filter(({ kind }) => kind === 'privileged-not-allowed'),
    [
      { subject: 'client "c1"', problem: 'Docker may not run privileged containers there' },
      { subject: 'job "plugin" on client "c1"', problem: /failed: .*privileged mode is disabled/i },
    ],
    'known before, and said by Docker',
  );
});

t.test('capabilities, which the client does not allow', async (t) => {
  const kinds = ['capability-not-allowed', 'no-node'] as const;
  const findings = await finds(t, `${HOST}\n        ${MOUNTS}`, ...kinds);
  t.match(
    findings.find(({ kind }) => kind === 'capability-not-allowed'),
    { severity: 'error', problem: /failed: .*sys_admin/, remedy: /allow_caps/ },
  );
});

t.test('a container that asks for nothing, in a network of its own', async (t) => {
  const kinds = ['privileges-missing', 'network-not-host', 'no-node'] as const;
  const findings = await finds(t, 'network_mode = "none"', ...kinds);
  t.match(
    findings.find(({ kind }) => kind === 'privileges-missing'),
    { subject: 'job "plugin"', problem: /sys_admin and \/dev\/fuse and \/dev\/loop-control$/ },
  );
});

t.test('a data_dir that is on no shared mount', async (t) => {
  const { folder } = nomad.client.agent;
  execFileSync('mount', ['--rbind', folder, folder]);
  execFileSync('mount', ['--make-private', folder]);
  const kinds = ['data-dir-not-shared', 'capability-not-allowed', 'no-node'] as const;
  const findings = await finds(t, `${HOST}\n        ${MOUNTS}`, ...kinds);
  t.match(
    findings.find(({ kind }) => kind === 'data-dir-not-shared'),
    {
      subject: 'client "c1", this machine',
      problem: `${nomad.client.stateDir} is not on a shared mount`,
    },
  );
});
