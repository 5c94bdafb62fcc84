import { stat } from 'node:fs/promises';
import type { ServiceClient } from '../csi/wire/client.js';
import { type Endpoint, parseEndpoint } from '../csi/wire/endpoint.js';
import { Controller, Identity, Node } from '../proto/csi/v1/csi_pb.js';
import type { Health } from '../proto/grpc/health/v1/health_pb.js';
import type { Admin, NodeAdmin } from '../proto/pannier/admin/v1/admin_pb.js';
import { VolumeError } from '../volume/errors.js';
import { isInConsul, resolveEndpoint } from './endpoint.js';
import { CommandError, EXIT } from './errors.js';
import { CallFailed, type Connection, connect, NotConnected } from './rpc.js';

/** Longer than any orchestrator waits for a call. */
const LIMIT_MS = 300_000;

/** A plugin's services. Calls fail with CallFailed, or with CommandError where no plugin answers. */
export interface Plugin extends AsyncDisposable {
  readonly identity: ServiceClient<typeof Identity>;
  readonly controller: ServiceClient<typeof Controller>;
  readonly node: ServiceClient<typeof Node>;
  /** gRPC's own health service, which few commands ask. */
  health(): Promise<ServiceClient<typeof Health>>;
  /** What Pannier's controller offers beside CSI; other plugins answer UNIMPLEMENTED. */
  admin(): Promise<ServiceClient<typeof Admin>>;
  /** The same of Pannier's node. */
  nodeAdmin(): Promise<ServiceClient<typeof NodeAdmin>>;
}

type Service =
  | typeof Identity
  | typeof Controller
  | typeof Node
  | typeof Health
  | typeof Admin
  | typeof NodeAdmin;

/** A plugin that was found. */
interface Opened {
  readonly address: string;
  readonly endpoint: Endpoint;
  readonly connection: Connection;
}

/** Opens a plugin; one in Consul is looked up with the first call. Throws CommandError where the address is not one. */
export function openPlugin(address: string): Plugin {
  let opened = isInConsul(address) ? undefined : Promise.resolve(openAt(address));
  const open = () => {
    opened ??= resolveEndpoint(address, 'controller').then(openAt);
    return opened;
  };
  const service = <S extends Service>(desc: S) => explained(desc, open);
  return {
    identity: service(Identity),
    controller: service(Controller),
    node: service(Node),
    health: async () => service((await import('../proto/grpc/health/v1/health_pb.js')).Health),
    admin: async () => service((await import('../proto/pannier/admin/v1/admin_pb.js')).Admin),
    nodeAdmin: async () =>
      service((await import('../proto/pannier/admin/v1/admin_pb.js')).NodeAdmin),
    async [Symbol.asyncDispose]() {
      (await opened?.catch(() => undefined))?.connection.close();
    },
  };
}

function openAt(address: string): Opened {
  const endpoint = readEndpoint(address);
  return { address, endpoint, connection: connect(endpoint, LIMIT_MS) };
}

function readEndpoint(address: string): Endpoint {
  try {
    return parseEndpoint(address);
  } catch (error) {
    if (!(error instanceof VolumeError)) throw error;
    throw new CommandError(error.message, {
      exitCode: EXIT.usage,
      code: error.code,
      remedy: 'Correct -endpoint or PANNIER_ENDPOINT.',
    });
  }
}

type Call = (request: object) => Promise<unknown>;

/** A service's unary methods, whose errors tell a plugin that answers from none. */
function explained<S extends Service>(desc: S, open: () => Promise<Opened>): ServiceClient<S> {
  const calls = desc.methods
    .filter(({ methodKind }) => methodKind === 'unary')
    .map(({ localName }) => [
      localName,
      async (request: object) => {
        const { address, endpoint, connection } = await open();
        const service = connection.service(desc) as Readonly<Record<string, Call>>;
        return service[localName]?.(request).catch(async (error: unknown) => {
          throw error instanceof NotConnected ? await noPlugin(address, endpoint, error) : error;
        });
      },
    ]);
  return Object.fromEntries(calls) as ServiceClient<S>;
}

async function noPlugin(address: string, endpoint: Endpoint, error: Error): Promise<Error> {
  return new CommandError(`no plugin answers at ${address}: ${await reason(endpoint, error)}`, {
    code: 'UNREACHABLE',
    exitCode: EXIT.unreachable,
    remedy: 'Start one with `pannier dev`, or name another with -endpoint or PANNIER_ENDPOINT.',
    cause: error,
  });
}

async function reason(endpoint: Endpoint, error: Error): Promise<string> {
  const { code } = error.cause as NodeJS.ErrnoException;
  if (endpoint.kind === 'tcp') return error.message;
  switch (code) {
    case 'ENOENT':
      return 'there is no such socket';
    case 'EACCES':
      return 'this user may not use it';
    case 'ECONNREFUSED':
      return (await isSocket(endpoint.path)) ? 'nothing listens there' : 'it is not a socket';
    default:
      return error.message;
  }
}

async function isSocket(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isSocket(),
    () => false,
  );
}

/** True where a call failed with this gRPC status. */
export function isStatus(error: unknown, code: string): boolean {
  return error instanceof CallFailed && error.code === code;
}

/** What a call answers; null where the plugin does not offer it. */
export async function ifOffered<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (isStatus(error, 'UNIMPLEMENTED')) return null;
    throw error;
  }
}
