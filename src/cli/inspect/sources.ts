import { existsSync } from 'node:fs';
import { DEFAULT_ENDPOINT } from '../../dev/defaults.js';
import type { MesosFlags } from '../../mesos/settings.js';
import type { NomadClient } from '../../nomad/client.js';
import type { GivenNomadFlags } from '../nomad/flags.js';
import { openNomad } from '../nomad/open.js';
import { openPlugin, type Plugin } from '../plugin.js';
import { localPlugins, NONE } from './local.js';
import { type AskedMesos, openMesos } from './mesos-source.js';

export interface SourceFlags extends GivenNomadFlags, MesosFlags {
  readonly endpoint: string | undefined;
  readonly 'node-endpoint': readonly string[];
}

/** A plugin that is asked. */
export interface Asked {
  readonly endpoint: string;
  readonly plugin: Plugin;
}

/** Who is asked of a volume. */
export interface Sources extends AsyncDisposable {
  readonly nomad: NomadClient;
  /** Undefined where nobody said where Mesos is, and none answers on this machine. */
  readonly mesos: AskedMesos | undefined;
  /** In the order in which they are asked, until one answers; empty where none is known. */
  readonly controllers: readonly Asked[];
  /** Why Nomad does not tell which plugins run on this machine, where the token may not know. */
  readonly hidden: string | undefined;
  /** All of them are asked. */
  readonly nodes: ReadonlyArray<
    Asked & { /** It was asked for, so that its silence is told. */ readonly named: boolean }
  >;
}

/**
 * Nomad and Mesos as flags and environment say; the controller at -endpoint or PANNIER_ENDPOINT, or else the plugin of
 * a running `pannier dev` and those that Nomad and Mesos run on this machine; nodes at each -node-endpoint, and beside
 * those controllers. Throws NomadError, MesosError and CommandError where what was given is no address.
 */
export async function openSources(
  flags: SourceFlags,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Sources> {
  const nomad = openNomad(flags);
  const given = flags.endpoint || env.PANNIER_ENDPOINT;
  const dev = existsSync(DEFAULT_ENDPOINT.slice('unix://'.length)) ? [DEFAULT_ENDPOINT] : [];
  const mesos = await openMesos(flags, env);
  const local = given ? NONE : await localPlugins(nomad);
  const ofMesos = given || mesos === undefined ? [] : await mesos.local();
  const controllers = given
    ? [given]
    : [
        ...dev,
        ...local.controllers,
        ...ofMesos.filter(({ isController }) => isController).map(({ endpoint }) => endpoint),
      ];
  const named = flags['node-endpoint'];
  const opened = new Map<string, Plugin>();
  const open = (endpoint: string) => {
    const plugin = opened.get(endpoint) ?? openPlugin(endpoint);
    opened.set(endpoint, plugin);
    return { endpoint, plugin };
  };
  return {
    nomad,
    controllers: controllers.map(open),
    hidden: local.hidden,
    mesos,
    nodes: [
      ...new Set([
        ...named,
        ...controllers,
        ...local.nodes,
        ...ofMesos.map(({ endpoint }) => endpoint),
      ]),
    ].map((endpoint) => ({
      ...open(endpoint),
      named: named.includes(endpoint),
    })),
    async [Symbol.asyncDispose]() {
      nomad[Symbol.dispose]();
      mesos?.[Symbol.dispose]();
      await Promise.all([...opened.values()].map((plugin) => plugin[Symbol.asyncDispose]()));
    },
  };
}
