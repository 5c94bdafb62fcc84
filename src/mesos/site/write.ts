import { join } from 'node:path';
import { PROFILE_ADAPTOR, PROFILE_LIBRARY } from '../files/modules.js';
import { STORAGE_PROVIDER } from '../files/names.js';
import type { Service } from '../files/plugin.js';
import type { Profile, Site } from './site.js';

/** A file to write, its path relative to the folder of them all. */
export interface Written {
  readonly path: string;
  readonly text: string;
}

const PROVIDERS = 'resource-providers';
const PLUGINS = 'csi-plugins';
export const PROFILES = 'disk-profiles.json';
const MODULES = 'modules.json';
const FLAGS = 'agent.env';

/** All files of a site: what Mesos reads, and the flags that make an agent read it. */
export function filesOf(site: Site): readonly Written[] {
  const { provider, tasks } = site;
  const files: Written[] = [];
  const add = (path: string, document: unknown) => {
    files.push({ path, text: `${JSON.stringify(document, undefined, 2)}\n` });
  };
  if (provider !== undefined) {
    add(join(PROVIDERS, `${provider.name}.json`), providerOf(site, provider));
    add(PROFILES, profileMap(site));
    add(MODULES, modulesOf(site));
  }
  if (tasks !== undefined) add(join(PLUGINS, `${tasks.pluginName}.json`), pluginOf(site, tasks));
  files.push({ path: FLAGS, text: flagsOf(site) });
  return files;
}

function providerOf(site: Site, provider: NonNullable<Site['provider']>): object {
  const { name, pluginName, role, stateDir, reconcileSeconds } = provider;
  return {
    type: STORAGE_PROVIDER,
    name,
    ...(role === undefined ? {} : { default_reservations: [{ type: 'DYNAMIC', role }] }),
    storage: {
      plugin: {
        type: site.plugin.type,
        name: pluginName,
        containers: [
          container(site, ['CONTROLLER_SERVICE', 'NODE_SERVICE'], stateDir, [
            '-mode=all',
            // Mesos offers and destroys what is listed, and gives up on the first failure of a listing.
            '-scope=host',
            '-outages=bridge',
          ]),
        ],
      },
      reconciliation_interval_seconds: reconcileSeconds,
    },
  };
}

function pluginOf(site: Site, tasks: NonNullable<Site['tasks']>): object {
  const { pluginName, endpoint, stateDir } = tasks;
  return {
    type: site.plugin.type,
    name: pluginName,
    ...(endpoint === undefined
      ? { containers: [container(site, ['NODE_SERVICE'], stateDir, ['-mode=node'])] }
      : { endpoints: [{ csi_service: 'NODE_SERVICE', endpoint }] }),
  };
}

/** How the agent starts the plugin, which finds its endpoint in the variable that Mesos sets. */
function container(
  { plugin }: Site,
  services: readonly Service[],
  stateDir: string,
  flags: readonly string[],
): object {
  const { command, config, cpus, memoryMib, user } = plugin;
  const scalar = (name: string, value: number) => ({ name, type: 'SCALAR', scalar: { value } });
  return {
    services,
    command: {
      shell: false,
      value: command,
      arguments: [
        command,
        'plugin',
        'run',
        `-config=${config}`,
        `-state-dir=${stateDir}`,
        ...flags,
      ],
      // The agent's own environment is not inherited, and programs are looked for by their names.
      environment: {
        variables: [
          {
            name: 'PATH',
            type: 'VALUE',
            value: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          },
        ],
      },
      ...(user === undefined ? {} : { user }),
    },
    resources: [scalar('cpus', cpus), scalar('mem', memoryMib)],
    // With filesystem/linux a container has mounts of its own; what one plugin mounts there, the next must find.
    container: {
      type: 'MESOS',
      volumes: [
        {
          mode: 'RW',
          container_path: stateDir,
          source: {
            type: 'HOST_PATH',
            host_path: { path: stateDir, mount_propagation: { mode: 'BIDIRECTIONAL' } },
          },
        },
      ],
    },
  };
}

function profileMap({ plugin, profiles }: Site): object {
  return {
    profile_matrix: Object.fromEntries(
      profiles.map((profile) => [
        profile.name,
        {
          csi_plugin_type_selector: { plugin_type: plugin.type },
          volume_capabilities: capability(profile),
          create_parameters: profile.parameters,
        },
      ]),
    ),
  };
}

function capability({ access, fileSystem, mountFlags, mode }: Profile): object {
  return {
    ...(access === 'block'
      ? { block: {} }
      : {
          mount: {
            ...(fileSystem === '' ? {} : { fs_type: fileSystem }),
            ...(mountFlags.length === 0 ? {} : { mount_flags: mountFlags }),
          },
        }),
    access_mode: { mode },
  };
}

function modulesOf({ agent }: Site): object {
  return {
    libraries: [
      {
        file: join(agent.modules, PROFILE_LIBRARY),
        modules: [
          {
            name: PROFILE_ADAPTOR,
            parameters: [
              { key: 'uri', value: join(agent.directory, PROFILES) },
              { key: 'poll_interval', value: agent.pollInterval },
            ],
          },
        ],
      },
    ],
  };
}

/** The agent's flags as the variables that it reads them from too. */
function flagsOf({ agent, provider, tasks }: Site): string {
  const flags: Array<readonly [string, string]> = [
    ...(provider === undefined
      ? []
      : ([
          ['RESOURCE_PROVIDER_CONFIG_DIR', join(agent.directory, PROVIDERS)],
          ['MODULES', `file://${join(agent.directory, MODULES)}`],
          ['DISK_PROFILE_ADAPTOR', PROFILE_ADAPTOR],
        ] as const)),
    ...(tasks === undefined
      ? []
      : [['CSI_PLUGIN_CONFIG_DIR', join(agent.directory, PLUGINS)] as const]),
    ['ISOLATION', agent.isolation],
  ];
  return flags.map(([name, value]) => `MESOS_${name}=${value}\n`).join('');
}
