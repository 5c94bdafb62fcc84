import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageJson, packageRoot } from '../src/cli/package.js';
import type { ClusterSettings } from '../src/config/settings.js';
import { connect, type ServiceClient } from '../src/csi/wire/client.js';
import { Controller, Identity, Node } from '../src/proto/csi/v1/csi_pb.js';
import { Admin } from '../src/proto/pannier/admin/v1/admin_pb.js';

const START_LIMIT_MS = 20_000;

/** `pannier` as users run it: this Node.js and the file that package.json names. */
export function pannier(): [string, string] {
  const { pannier: file } = packageJson().bin as { pannier: string };
  return [process.execPath, join(packageRoot(), file)];
}

/** A plugin in a process of its own, which has a configuration like that of an installation. */
export interface Plugin {
  readonly pid: number;
  readonly endpoint: string;
  readonly controller: ServiceClient<typeof Controller>;
  readonly node: ServiceClient<typeof Node>;
  readonly admin: ServiceClient<typeof Admin>;
  stop(): Promise<void>;
}

/** Starts a plugin in a folder and waits until it answers. */
export async function startPlugin(
  folder: string,
  mode: 'controller' | 'node',
  cluster: ClusterSettings,
  signal: AbortSignal,
): Promise<Plugin> {
  await mkdir(folder, { recursive: true });
  const endpoint = `unix://${join(folder, 'csi.sock')}`;
  const config = join(folder, 'pannier.hcl');
  await writeFile(config, configText(folder, mode, endpoint, cluster));
  const logFile = join(folder, 'plugin.log');
  const log = openSync(logFile, 'w');
  const child = spawn(pannier()[0], [pannier()[1], 'plugin', 'run', `-config=${config}`], {
    // An interrupt at the terminal is ours to act on.
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const connection = connect(endpoint);
  const identity = connection.service(Identity);
  for (const limit = Date.now() + START_LIMIT_MS; ; await sleep(50, undefined, { signal })) {
    const answered = await identity.probe({}).catch(() => undefined);
    if (answered !== undefined) break;
    if (hasEnded(child) || Date.now() > limit)
      throw new Error(`the plugin did not start: ${await readFile(logFile, 'utf8')}`);
  }
  return {
    pid: child.pid ?? 0,
    endpoint,
    controller: connection.service(Controller),
    node: connection.service(Node),
    admin: connection.service(Admin),
    async stop() {
      connection.close();
      if (hasEnded(child)) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** A plugin's configuration; without an endpoint, that comes from the environment. */
export function configText(
  folder: string,
  mode: string,
  endpoint: string | undefined,
  { name, conf, user, keyFile, pool }: ClusterSettings,
): string {
  const quote = JSON.stringify;
  return [
    `mode      = ${quote(mode)}`,
    ...(endpoint === undefined ? [] : [`endpoint  = ${quote(endpoint)}`]),
    'node_id   = "bench"',
    `state_dir = ${quote(join(folder, 'state'))}`,
    `cluster ${quote(name)} {`,
    `  conf     = ${quote(conf)}`,
    `  user     = ${quote(user)}`,
    `  key_file = ${quote(keyFile)}`,
    `  pool     = ${quote(pool)}`,
    '}',
    '',
  ].join('\n');
}
