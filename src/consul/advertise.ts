import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ConsulRegistration, Settings } from '../config/settings.js';
import type { Service } from './registration.js';
import type { Instance } from './services.js';

/** What a plugin says of itself in the metadata of its service. */
export interface Advertised {
  readonly version: string;
  readonly mode: Settings['mode'];
  readonly nodeId: string;
  readonly driverName: string;
  /** Where others reach it: unix:///path/to.sock on its own machine, or tcp://host:port. */
  readonly endpoint: string;
  /** The same for all that runs on one kernel, in containers too, and for nothing else; '' where it is hidden. */
  readonly bootId: string;
}

const EVERY_ADDRESS = ['0.0.0.0', '[::]'];

/** The plugin as a service. An address is the agent's own where the plugin listens on all of them. */
export function serviceOf(
  { service: name, tags, deregisterAfterMs }: ConsulRegistration,
  plugin: Advertised,
  /** What tells it from another plugin of the same node and endpoint: Nomad's allocation, where there is one. */
  run: string | undefined,
): Service {
  const { version, mode, nodeId, driverName, endpoint, bootId } = plugin;
  const [, host, port] = /^tcp:\/\/(.+):(\d+)$/.exec(endpoint) ?? [];
  return {
    name,
    id: `${name}-${mode}-${digest([nodeId, endpoint, run ?? ''])}`,
    tags: [...(mode === 'all' ? ['controller', 'node'] : [mode]), ...tags],
    address: host === undefined || EVERY_ADDRESS.includes(host) ? undefined : bare(host),
    port: port === undefined ? undefined : Number(port),
    meta: {
      ...{ version, mode, node_id: nodeId, driver_name: driverName, endpoint },
      ...(bootId === '' ? {} : { boot_id: bootId }),
    },
    deregisterAfterMs,
  };
}

/** The plugin that an instance is; undefined where it is something else. */
export function pluginOf({ address, port, meta }: Instance): Advertised | undefined {
  const { version, mode, node_id, driver_name, endpoint, boot_id } = meta;
  if (version === undefined || driver_name === undefined || endpoint === undefined)
    return undefined;
  if (mode !== 'controller' && mode !== 'node' && mode !== 'all') return undefined;
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    ...{ version, mode, nodeId: node_id ?? '', driverName: driver_name, bootId: boot_id ?? '' },
    endpoint: port === 0 ? endpoint : `tcp://${host}:${port}`,
  };
}

/** The running kernel's own id; '' where it is hidden. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12);
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
