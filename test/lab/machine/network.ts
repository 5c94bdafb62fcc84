import { execFileSync } from 'node:child_process';

/** Says that this process has a network of its own. */
const INSIDE = 'PANNIER_TEST_OWN_NETWORK';
const BRIDGE = 'br0';
const PREFIX = '10.77.0.';
const BITS = 24;

/**
 * Where this process is on the network of its machines: what they are to reach, such as Ceph, listens here. Nothing
 * outside this test file can reach it, and another test file may have the same.
 */
export const HOST = `${PREFIX}1`;

/** What a machine's end of a cable is called on the host, and the machine's address. */
export interface Port {
  readonly tap: string;
  readonly address: string;
  readonly bits: number;
}

let ports = 0;

/** A port of the bridge for a machine. It and the bridge are gone when the last process in this network is. */
export function newPort(): Port {
  ports += 1;
  const tap = `tap${ports}`;
  ip('tuntap', 'add', tap, 'mode', 'tap');
  ip('link', 'set', tap, 'master', BRIDGE, 'up');
  return { tap, address: `${PREFIX}${10 + ports}`, bits: BITS };
}

function makeBridge(): void {
  ip('link', 'set', 'lo', 'up');
  ip('link', 'add', BRIDGE, 'type', 'bridge');
  ip('address', 'add', `${HOST}/${BITS}`, 'dev', BRIDGE);
  ip('link', 'set', BRIDGE, 'up');
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/**
 * Becomes the same program anew, in a network namespace of its own: the threads that a process has by then would stay
 * in the old one. It is done when this module is loaded, before there is anything that this would end.
 */
function enterOwnNetwork(): void {
  if (process.env[INSIDE] !== undefined) return;
  if (process.execve === undefined) throw new Error('this needs Node.js 24');
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve('/usr/bin/unshare', ['unshare', '--net', '--', ...again], {
    ...process.env,
    [INSIDE]: '1',
  });
}

enterOwnNetwork();
makeBridge();
