import type { ProfileMap } from './profiles.js';

/** What an agent reads about volumes. */
export interface AgentFiles {
  /** Resource providers' documents, by the names of their files. */
  readonly providers?: Readonly<Record<string, object>>;
  readonly profiles?: ProfileMap;
  /** The volume/csi isolator's plugins, by the names of their files. */
  readonly csiPlugins?: Readonly<Record<string, object>>;
}

/** Where an agent has its things, below its folder. The paths are short: sockets are in them. */
export interface AgentPlaces {
  readonly workDir: string;
  readonly runtimeDir: string;
  readonly providerDir: string;
  readonly csiPluginDir: string;
  readonly modulesDir: string;
  readonly profiles: string;
  readonly temporary: string;
}

const PROFILE_MODULE = 'org_lab_DiskProfiles';

/** Flags of `mesosd`, which reads them from the environment. */
function flags(all: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries({ ip: '127.0.0.1', hostname: 'localhost', ...all }).map(([name, value]) => [
      `MESOS_${name.toUpperCase()}`,
      value,
    ]),
  );
}

/** The folders among an agent's places. */
export function foldersOf({ profiles: _, ...folders }: AgentPlaces): string[] {
  return Object.values(folders);
}

/** The module that has the profiles, as an agent reads it from its folder of modules. */
export function modulesDocument(launcherDir: string): object {
  const file = `${launcherDir}/libprofiles.so`;
  return { libraries: [{ file, modules: [{ name: PROFILE_MODULE }] }] };
}

export function masterFlags(workDir: string, port: number): NodeJS.ProcessEnv {
  return flags({
    port: `${port}`,
    work_dir: workDir,
    registry: 'in_memory',
    // Offers come soon.
    allocation_interval: '100ms',
    // By default a disk is offered only with cpus or memory, which our frameworks hold in other offers.
    min_allocatable_resources: 'cpus:0.01|mem:32|disk:1',
    // A reboot and a slow machine take longer than an agent of ours may be away.
    max_agent_ping_timeouts: '20',
  });
}

export function agentFlags(
  places: AgentPlaces,
  port: number,
  master: string,
  program: { readonly launcherDir: string; readonly cgroups: string; readonly cgroup: string },
): NodeJS.ProcessEnv {
  return {
    ...flags({
      port: `${port}`,
      master,
      work_dir: places.workDir,
      runtime_dir: places.runtimeDir,
      fetcher_cache_dir: `${places.temporary}/fetched`,
      launcher_dir: program.launcherDir,
      launcher: 'linux',
      cgroups_hierarchy: program.cgroups,
      cgroups_root: program.cgroup,
      systemd_enable_support: 'false',
      resources: 'cpus:4;mem:4096;disk:4096;ports:[]',
      modules_dir: places.modulesDir,
      resource_provider_config_dir: places.providerDir,
      disk_profile_adaptor: PROFILE_MODULE,
      executor_reregistration_timeout: '3secs',
    }),
    TMPDIR: places.temporary,
    MESOSD_PROFILES: places.profiles,
  };
}

/** An agent with the isolator for CSI volumes and no plugin for it ends at once. */
export function isolationFlags(csiPluginDir: string, hasPlugins: boolean): NodeJS.ProcessEnv {
  return hasPlugins
    ? {
        MESOS_ISOLATION: 'filesystem/linux,volume/csi',
        MESOS_CSI_PLUGIN_CONFIG_DIR: csiPluginDir,
      }
    : { MESOS_ISOLATION: 'filesystem/linux' };
}
