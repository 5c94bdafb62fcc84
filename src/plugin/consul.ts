import type { ConsulAccess, Settings } from '../config/settings.js';
import { bootId, serviceOf } from '../consul/advertise.js';
import { ConsulClient } from '../consul/client.js';
import { Monitors } from '../consul/monitors.js';
import { type Health, Registration } from '../consul/registration.js';
import type { Logger } from '../observe/log.js';
import { fail } from '../volume/errors.js';
import type { ClusterHealth } from './cluster-health.js';

export interface ConsulOptions {
  readonly log: Logger;
  /** Called where the monitors of a service are no longer where they were. */
  readonly onMoved: (service: string) => void;
}

/** What Consul is told of a plugin besides its settings. */
export interface Registrant {
  readonly version: string;
  /** How the clusters are; it answers within seconds, and never fails. */
  readonly look: () => Promise<readonly ClusterHealth[]>;
}

/** What a running plugin has to do with Consul. */
export interface InConsul {
  /** host or host:port of each monitor of a service. Fails with cluster-unavailable where none is known. */
  monitors(cluster: string, service: string): Promise<readonly string[]>;
  /** Tells Consul of the plugin from now on, where its settings say so. */
  register(settings: Settings, registrant: Registrant): void;
  /** The address of Consul's leader. Fails with ConsulError. */
  leader(): Promise<string>;
  /** Takes the plugin off Consul's list, within seconds. */
  end(): Promise<void>;
}

/** It waits for nothing. */
export function openConsul(access: ConsulAccess, { log, onMoved }: ConsulOptions): InConsul {
  const client = new ConsulClient(access);
  const monitors = new Monitors({
    client,
    onMoved,
    told: (service) => ({
      lost: (problem) => log.warn({ service, problem }, 'cannot follow the monitors in Consul'),
      found: () => log.info({ service }, 'follows the monitors in Consul again'),
    }),
  });
  let registration: Registration | undefined;
  return {
    async monitors(cluster, service) {
      try {
        return await monitors.addresses(service);
      } catch (error) {
        const { message: problem } = error as Error;
        return fail('cluster-unavailable', { cluster, problem }, { cause: error });
      }
    },
    register(settings, registrant) {
      registration = register(client, settings, registrant, log);
    },
    leader: () => client.agent((consul, request) => consul.status.leader(request)),
    async end() {
      monitors.end();
      await registration?.end();
      await client.close();
    },
  };
}

function register(
  client: ConsulClient,
  { registration, mode, nodeId, driverName, endpoint }: Settings,
  { version, look }: Registrant,
  log: Logger,
): Registration | undefined {
  if (registration === undefined) return undefined;
  const { NOMAD_ALLOC_ID: run } = process.env;
  const plugin = {
    ...{ version, mode, nodeId, driverName, bootId: bootId() },
    endpoint: registration.advertise ?? endpoint,
  };
  const service = serviceOf(registration, plugin, run);
  const names = { service: service.name, id: service.id };
  return new Registration({
    client,
    service,
    look: async () => healthOf(await look()),
    told: {
      registered: () => log.info(names, 'registered in Consul'),
      lost: (problem) => log.warn({ ...names, problem }, 'cannot tell Consul of this plugin'),
    },
  });
}

/** A plugin with one cluster that answers can work. */
function healthOf(clusters: readonly ClusterHealth[]): Health {
  const failing = clusters.filter(({ problem }) => problem !== undefined);
  return {
    status:
      failing.length === 0 ? 'passing' : failing.length < clusters.length ? 'warning' : 'critical',
    note: clusters.map(say).join('\n'),
  };
}

function say({ cluster, problem, succeeded }: ClusterHealth): string {
  const last =
    succeeded === undefined
      ? 'no call has succeeded yet'
      : `a call last succeeded at ${succeeded.toISOString()}`;
  const subject = `cluster "${cluster}"`;
  // Most problems begin with it.
  const state = problem?.replace(`${subject} `, '') ?? 'answers';
  return `${subject}: ${state}; ${last}`;
}
