import { connect } from 'node:net';
import { CONSUL_OPTIONS, DEFAULT_SERVICE } from '../config/consul-options.js';
import { type Advertised, bootId, pluginOf } from '../consul/advertise.js';
import { ConsulError } from '../consul/errors.js';
import { type Instance, instancesOf } from '../consul/services.js';
import { type Endpoint, parseEndpoint } from '../csi/wire/endpoint.js';
import { openConsul } from './consul.js';
import { CommandError, EXIT } from './errors.js';

/** How long an endpoint may take to accept a connection, in milliseconds. */
const REACH_MS = 2_000;

/** Where commands look for a plugin: any controller will do, or it must serve this machine as its node too. */
export type Role = 'controller' | 'here';

interface Listed {
  readonly instance: Instance;
  readonly plugin: Advertised;
}

/** The endpoint of a healthy plugin of a service in Consul, preferably one of this machine. Throws CommandError. */
export async function findInConsul(name: string, role: Role): Promise<string> {
  const service = name.replace(/\/$/, '') || DEFAULT_SERVICE;
  const instances = await look(service);
  const plugins = instances.flatMap((instance) => {
    const plugin = pluginOf(instance);
    return plugin === undefined ? [] : [{ instance, plugin }];
  });
  const wanted = plugins.filter(({ plugin }) => fits(plugin, role));
  if (wanted.length === 0) throw nothingFits(service, role, instances.length);
  const healthy = wanted.filter(({ instance }) => instance.health !== 'critical');
  if (healthy.length === 0) throw nothingIsHealthy(service, wanted);
  for (const { plugin } of healthy.filter(isWithinReach).sort(byNearness))
    if (await answers(parseEndpoint(plugin.endpoint))) return plugin.endpoint;
  throw nothingIsReached(service, healthy);
}

async function look(service: string): Promise<readonly Instance[]> {
  const client = openConsul();
  try {
    return await instancesOf(client, service);
  } catch (error) {
    if (!(error instanceof ConsulError)) throw error;
    throw new CommandError(`no plugin can be looked up: ${error.message}`, {
      code: 'UNREACHABLE',
      exitCode: EXIT.unreachable,
      remedy:
        error.status === 403
          ? `Set ${CONSUL_OPTIONS.token.env} to a token with service:read and node:read.`
          : `Set ${CONSUL_OPTIONS.address.env} to the address of a Consul agent, or name the plugin itself with -endpoint.`,
      cause: error,
    });
  } finally {
    await client.close();
  }
}

function fits({ mode, bootId: machine }: Advertised, role: Role): boolean {
  return role === 'here' ? mode === 'all' && isHere(machine) : mode !== 'node';
}

function isHere(machine: string): boolean {
  return machine !== '' && machine === bootId();
}

/** A unix socket is of use on its own machine alone. */
function isWithinReach({ plugin: { endpoint, bootId: machine } }: Listed): boolean {
  return endpoint.startsWith('tcp:') || isHere(machine);
}

/** Those whose checks all pass come first, and among them this machine's socket, then the rest of this machine. */
function byNearness(a: Listed, b: Listed): number {
  return distance(a) - distance(b);
}

function distance({ instance, plugin: { endpoint, bootId: machine } }: Listed): number {
  return (
    (instance.health === 'passing' ? 0 : 4) +
    (isHere(machine) ? 0 : 2) +
    (endpoint.startsWith('tcp:') ? 1 : 0)
  );
}

function answers(endpoint: Endpoint): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(
    endpoint.kind === 'unix'
      ? { path: endpoint.path }
      : { host: endpoint.host.replace(/^\[|\]$/g, ''), port: endpoint.port },
  );
  socket.setTimeout(REACH_MS, () => resolve(false));
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

function nothingFits(service: string, role: Role, registered: number): CommandError {
  const what =
    role === 'here' ? 'plugin that is controller and node on this machine' : 'controller';
  return new CommandError(
    registered === 0
      ? `Consul has no service "${service}"`
      : `Consul's service "${service}" has no ${what}; instances: ${registered}`,
    {
      code: 'NOT_FOUND',
      exitCode: EXIT.unreachable,
      remedy: `Plugins register themselves with consul { service = "${service}" } in their configuration. Or name one with -endpoint.`,
    },
  );
}

function nothingIsHealthy(service: string, listed: readonly Listed[]): CommandError {
  return new CommandError(
    `Consul's service "${service}" has no healthy plugin: ${each(listed, ({ instance }) => instance.problems.join('; '))}`,
    {
      code: 'UNREACHABLE',
      exitCode: EXIT.unreachable,
      remedy: 'Mend what the checks say, or name a plugin with -endpoint.',
    },
  );
}

function nothingIsReached(service: string, listed: readonly Listed[]): CommandError {
  return new CommandError(
    `no healthy plugin of Consul's service "${service}" can be reached from here: ${each(listed, ({ plugin }) => plugin.endpoint)}`,
    {
      code: 'UNREACHABLE',
      exitCode: EXIT.unreachable,
      remedy: 'Run the command on the machine of one of them, or have them listen on tcp://.',
    },
  );
}

function each(listed: readonly Listed[], say: (one: Listed) => string): string {
  return listed.map((one) => `${one.instance.node}: ${say(one)}`).join(' | ');
}
