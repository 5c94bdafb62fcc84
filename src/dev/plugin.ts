import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONSUL_OPTIONS } from '../config/consul-options.js';
import { CLUSTER_OPTIONS, OPTIONS, type Option } from '../config/options.js';
import type { CephAccess } from './ceph/cluster.js';
import { DevError } from './errors.js';
import type { DevLayout } from './layout.js';
import { findProcesses, terminate } from './processes.js';
import { tail, withoutCeph } from './run.js';

/** The name of the cluster in handles: `ceph/rbd/image`. */
export const CLUSTER = 'ceph';
const START_LIMIT_MS = 30_000;
const POLL_MS = 50;
/** Calls in flight are let finish. */
const STOP_GRACE_MS = 30_000;

/** Writes the plugin's configuration for a development cluster. */
export async function writeConfig(
  layout: DevLayout,
  ceph: CephAccess,
  logLevel: string,
): Promise<void> {
  const text = [
    '# Written by pannier dev at every start.',
    'mode      = "all"',
    `endpoint  = ${JSON.stringify(layout.endpoint)}`,
    `node_id   = ${JSON.stringify(hostname())}`,
    `state_dir = ${JSON.stringify(layout.state)}`,
    `log_level = ${JSON.stringify(logLevel)}`,
    '',
    `cluster "${CLUSTER}" {`,
    `  conf     = ${JSON.stringify(ceph.conf)}`,
    `  user     = ${JSON.stringify(ceph.user)}`,
    `  key_file = ${JSON.stringify(ceph.keyFile)}`,
    `  pool     = ${JSON.stringify(ceph.pool)}`,
    '}',
    '',
  ].join('\n');
  await writeFile(layout.config, text);
}

/** The pid of the plugin that runs on this folder's configuration. */
export function pluginPid(layout: DevLayout): number | undefined {
  return findProcesses(
    (args) =>
      args.includes('plugin') && args.includes('run') && args.includes(`-config=${layout.config}`),
  )[0]?.pid;
}

/**
 * Starts the plugin in a session of its own, so that an interrupt at the terminal does not reach it before
 * those who use it, and waits until its socket takes connections.
 *
 * @param program How to start `pannier`: an executable and its first arguments.
 */
export async function startPlugin(
  layout: DevLayout,
  program: readonly string[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const [command = process.execPath, ...args] = program;
  const log = openSync(layout.log, 'w');
  const child = spawn(command, [...args, 'plugin', 'run', `-config=${layout.config}`], {
    detached: true,
    stdio: ['ignore', log, log],
    env: withoutSettings(withoutCeph(process.env)),
  });
  closeSync(log);
  let ended: string | undefined;
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, by) => {
    ended ??= by ?? `exit code ${code}`;
  });
  child.unref();
  for (const deadline = performance.now() + START_LIMIT_MS; ; await sleep(POLL_MS)) {
    if (ended !== undefined) throw await broken(layout, `the plugin ended (${ended})`);
    if (signal?.aborted || performance.now() > deadline) {
      await stopPlugin(layout);
      signal?.throwIfAborted();
      throw await broken(layout, `the plugin did not listen within ${START_LIMIT_MS / 1000} s`);
    }
    if (child.pid !== undefined && (await answers(layout.socket))) return child.pid;
  }
}

/** The environment goes over the file, and what is meant for another plugin must not reach this one. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const settings = [OPTIONS, CLUSTER_OPTIONS, CONSUL_OPTIONS].flatMap((options) =>
    Object.values<Option>(options),
  );
  const names = settings.map(({ env: name }) => name);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

export async function stopPlugin(layout: DevLayout): Promise<void> {
  const pid = pluginPid(layout);
  if (pid !== undefined) await terminate(pid, STOP_GRACE_MS);
}

/** An error with the last words of the plugin's log. */
export async function broken(layout: DevLayout, what: string): Promise<DevError> {
  const said = tail(await readFile(layout.log, 'utf8').catch(() => ''), 3);
  return new DevError(`${what}${said === '' ? '' : `: ${said}`}`, `See ${layout.log}.`);
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}
