import { join, resolve } from 'node:path';
import { endpointOf } from './defaults.js';
import { DevError } from './errors.js';

/** Linux takes no longer path for a socket. */
const SOCKET_MAX_BYTES = 107;

/** Where everything is in the folder of `pannier dev`. */
export interface DevLayout {
  readonly folder: string;
  readonly ceph: string;
  /** The plugin's configuration file, socket, state directory and log. */
  readonly config: string;
  readonly socket: string;
  readonly endpoint: string;
  readonly state: string;
  readonly log: string;
  /** What `pannier volume mount` keeps beside the socket. */
  readonly mounts: string;
  /** There while it is meant to run without a command in the foreground. */
  readonly detached: string;
}

/** @throws DevError where the path is too long for a socket. */
export function devLayout(path: string): DevLayout {
  const folder = resolve(path);
  const socket = join(folder, 'csi.sock');
  if (Buffer.byteLength(socket) > SOCKET_MAX_BYTES)
    throw new DevError(
      `${socket} is longer than the ${SOCKET_MAX_BYTES} bytes that a socket's path may have`,
      'Choose a shorter -folder.',
    );
  return {
    folder,
    ceph: join(folder, 'ceph'),
    config: join(folder, 'pannier.hcl'),
    socket,
    endpoint: endpointOf(folder),
    state: join(folder, 'state'),
    log: join(folder, 'plugin.log'),
    mounts: join(folder, 'mounts'),
    detached: join(folder, 'detached'),
  };
}
