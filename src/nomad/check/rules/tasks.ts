import { posix } from 'node:path';
import type { NodeStub } from '../../nodes.js';
import type { Finding, Rule } from '../finding.js';
import {
  clientWords,
  jobWords,
  mounts,
  type PluginTaskOf,
  pluginTasks,
  usableNodes,
} from '../tasks.js';
import type { ClusterView } from '../view.js';

/** Where a node plugin mounts, unless its job says so. */
const DEFAULT_BASE = '/local/csi';

type TaskRule = (task: PluginTaskOf, view: ClusterView) => readonly Finding[];

/** A rule on every task that is a plugin. */
function ofTasks(rule: TaskRule): Rule {
  return (view) => pluginTasks(view).flatMap((task) => rule(task, view));
}

/** Drivers that jobs of plugins need, on the clients that they could run on. */
export const drivers: Rule = (view) => {
  const usable = usableNodes(view);
  const byDriver = Map.groupBy(pluginTasks(view), ({ task }) => task.Driver);
  return [...byDriver].flatMap(([name, tasks]): Finding[] => {
    const lacking = usable.filter(({ Drivers }) => Drivers?.[name]?.Healthy !== true);
    const [first] = lacking;
    if (first === undefined) return [];
    const jobs = [...new Set(tasks.map(({ job }) => jobWords(job)))];
    return [
      {
        kind: 'driver-missing',
        severity: lacking.length === usable.length ? 'error' : 'warning',
        subject: clientWords(lacking.map(({ Name }) => Name)),
        problem: `the driver "${name}" is not usable there: ${driverProblem(first, name)}`,
        reason: `plugins run by that driver: ${jobs.join(', ')}`,
        remedy:
          DRIVER_REMEDIES[name] ?? 'Set the driver up there: see `nomad node status -verbose`.',
      },
    ];
  });
};

const DRIVER_REMEDIES: Readonly<Record<string, string>> = {
  raw_exec:
    'Enable it in the configuration of these clients: plugin "raw_exec" { config { enabled = true } }.',
  docker: 'Install Docker there and start it; Nomad finds it within a minute.',
};

function driverProblem({ Drivers }: NodeStub, name: string): string {
  const driver = Drivers?.[name];
  if (driver === undefined) return 'it is not enabled';
  return driver.HealthDescription || (driver.Detected ? 'it is not healthy' : 'it is not detected');
}

/** What a client's Docker must allow for the plugin. */
export const dockerConfig = ofTasks(({ job, task }, view) => {
  if (task.Driver !== 'docker') return [];
  const config = task.Config ?? {};
  const docker = usableNodes(view).filter(({ Drivers }) => Drivers?.docker?.Healthy === true);
  const without = (attribute: string) =>
    docker.filter(({ Drivers }) => Drivers?.docker?.Attributes?.[attribute] !== 'true');
  const found: Finding[] = [];
  const privileged = without('driver.docker.privileged.enabled');
  if (config.privileged === true && privileged.length > 0)
    found.push({
      kind: 'privileged-not-allowed',
      severity: 'error',
      subject: clientWords(privileged.map(({ Name }) => Name)),
      problem: 'Docker may not run privileged containers there',
      reason: `${jobWords(job)} asks for one, and its tasks fail there`,
      remedy:
        'Allow it in the configuration of these clients, plugin "docker" { config { allow_privileged = true } }; Pannier\'s own jobspecs do without.',
    });
  const hostPaths = (Array.isArray(config.volumes) ? config.volumes : []).some((volume) =>
    String(volume).startsWith('/'),
  );
  const volumes = without('driver.docker.volumes.enabled');
  if (hostPaths && volumes.length > 0)
    found.push({
      kind: 'host-paths-not-allowed',
      severity: 'error',
      subject: clientWords(volumes.map(({ Name }) => Name)),
      problem: 'Docker may not mount paths of the host there',
      reason: `${jobWords(job)} asks for some, and its tasks fail there`,
      remedy:
        'Allow it in the configuration of these clients: plugin "docker" { config { volumes { enabled = true } } }.',
    });
  return found;
});

/**
 * Where a node plugin is told to mount: for a task without a root of its own that is a path of the client. Where the
 * client keeps its state is known of this machine alone.
 */
export const baseDirs = ofTasks((one, view) => {
  const machine = runsHere(one, view) ? view.machine : undefined;
  const { job, task, plugin } = one;
  const base = plugin.StagePublishBaseDir || DEFAULT_BASE;
  if (!mounts(one) || task.Driver !== 'raw_exec') return [];
  const tail = posix.join('csi', plugin.Type, plugin.ID);
  const wanted = posix.join(machine?.stateDir ?? '<data_dir>/client', tail);
  const right =
    machine === undefined ? base.endsWith(`/${tail}`) : posix.normalize(base) === wanted;
  if (right) return [];
  return [
    {
      kind: 'wrong-base-dir',
      severity: 'error',
      subject: jobWords(job),
      problem: `stage_publish_base_dir of its csi_plugin is "${base}", and should be "${wanted}"`,
      reason:
        'a task by raw_exec sees the paths of the client, so what it mounts elsewhere is not where Nomad looks for it',
      remedy: `Set stage_publish_base_dir = "${wanted}"; the jobspecs of Pannier have a variable for it.`,
    },
  ];
});

function runsHere({ job }: PluginTaskOf, { machine, pluginAllocations }: ClusterView): boolean {
  return (pluginAllocations ?? []).some(
    ({ JobID, Namespace, NodeID }) =>
      JobID === job.ID && Namespace === job.Namespace && NodeID === machine?.nodeId,
  );
}

/** Node plugins by drivers whose mounts nobody else sees. */
export const mountingDrivers = ofTasks((one) => {
  const { job, task } = one;
  if (!mounts(one) || ['docker', 'raw_exec', 'podman'].includes(task.Driver)) return [];
  return [
    {
      kind: 'driver-hides-mounts',
      severity: 'error',
      subject: jobWords(job),
      problem: `its node plugin runs by the driver "${task.Driver}"`,
      reason:
        'what it mounts is seen in its own task alone, and jobs find nothing at their volumes',
      remedy: 'Run it by raw_exec or docker, as the jobspecs of Pannier do.',
    },
  ];
});

/** Node plugins that are not on every client. */
export const nodeJobTypes = ofTasks((one) => {
  const { job, plugin } = one;
  if (plugin.Type !== 'node' || job.Type === 'system') return [];
  return [
    {
      kind: 'node-job-not-system',
      severity: 'warning',
      subject: jobWords(job),
      problem: `it runs a node plugin, and is a ${job.Type} job`,
      reason:
        'a client without it gets no job with a volume, and Nomad may move it away from mounts',
      remedy: 'Make it type = "system".',
    },
  ];
});

/** Containers whose connections to Ceph end with their network. */
export const networks = ofTasks((one) => {
  const { job, task } = one;
  if (!mounts(one) || task.Driver !== 'docker' || task.Config?.network_mode === 'host') return [];
  return [
    {
      kind: 'network-not-host',
      severity: 'warning',
      subject: jobWords(job),
      problem: 'the container of its node plugin has a network of its own',
      reason:
        "connections to Ceph end with it: where images are attached by the kernel, volumes freeze when the plugin is restarted, and a client's address in Ceph is not the machine's",
      remedy: 'Set network_mode = "host" in the config of its task.',
    },
  ];
});
