import type { Finding, Rule } from './finding.js';
import { lostClients, thisMachine } from './rules/cluster.js';
import { containerPrivileges } from './rules/docker.js';
import { failedTasks } from './rules/events.js';
import { wantedVolumes } from './rules/jobs.js';
import { anyPlugin, clientsWithoutPlugin, mixedVersions, pluginHealth } from './rules/plugins.js';
import {
  baseDirs,
  dockerConfig,
  drivers,
  mountingDrivers,
  networks,
  nodeJobTypes,
} from './rules/tasks.js';
import { versions } from './rules/versions.js';
import { orphans, stuckClaims, twins } from './rules/volumes.js';
import type { ClusterView } from './view.js';

const RULES: readonly Rule[] = [
  versions,
  anyPlugin,
  drivers,
  dockerConfig,
  containerPrivileges,
  baseDirs,
  mountingDrivers,
  nodeJobTypes,
  networks,
  failedTasks,
  thisMachine,
  pluginHealth,
  clientsWithoutPlugin,
  mixedVersions,
  lostClients,
  orphans,
  twins,
  stuckClaims,
  wantedVolumes,
];

/** All that would not work in a cluster, errors first. */
export function checkCluster(view: ClusterView): readonly Finding[] {
  const found = RULES.flatMap((rule) => rule(view));
  return [
    ...found.filter(({ severity }) => severity === 'error'),
    ...found.filter(({ severity }) => severity === 'warning'),
  ];
}
