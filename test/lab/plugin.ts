import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { packageJson, packageRoot } from '../../src/cli/package.js';
import type { ClusterSettings } from '../../src/config/settings.js';
import {
  CallError,
  type Connection,
  connect,
  type ServiceClient,
} from '../../src/csi/wire/client.js';
import { CRASH_AFTER, PAUSE_AFTER } from '../../src/plugin/effects.js';
import { Controller, Identity, Node } from '../../src/proto/csi/v1/csi_pb.js';
import { Admin, NodeAdmin } from '../../src/proto/pannier/admin/v1/admin_pb.js';
import type { EffectName } from '../../src/volume/effects.js';
import { labFolder } from './folder.js';

/** `pannier` as users run it: this Node.js and the file that package.json names. */
export function pannierProgram(): [string, string] {
  const { pannier } = packageJson().bin as { pannier: string };
  return [process.execPath, join(packageRoot(), pannier)];
}

export interface PluginOptions {
  readonly clusters: readonly ClusterSettings[];
  readonly mode?: 'controller' | 'node' | 'all';
  readonly nodeId?: string;
  /** Where its socket, configuration and state are; by default a new folder. The same one restarts a plugin. */
  readonly folder?: string;
  /** Ends the plugin with SIGKILL after this outside effect. */
  readonly crashAfter?: EffectName;
  /** Stops the plugin after this one's first time; `paused` tells when, and `goOn` ends it. */
  readonly pauseAfter?: EffectName | undefined;
  /** It ends before it answers anything: it is not waited for. */
  readonly diesAtStart?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** More of its configuration. */
  readonly config?: string;
  /** Where its whole configuration is instead of in a file; the environment must name the endpoint. */
  readonly configAt?: string;
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

const START_LIMIT_MS = 60_000;

/** The process that a plugin is, wherever that runs. */
interface PluginProcess {
  readonly pid: number;
  /** All that it wrote to it. */
  readonly stderr: string;
  /** How it ended: an exit code, or a signal's name. */
  readonly ended: Promise<string | number>;
  readonly hasEnded: boolean;
  kill(signal: NodeJS.Signals): unknown;
}

/** A plugin in a process of its own, and clients of its services. */
export class LabPlugin {
  readonly #process: PluginProcess;
  readonly #connection: Connection;

  constructor(
    readonly folder: string,
    readonly endpoint: string,
    process: PluginProcess,
  ) {
    this.#process = process;
    this.#connection = connect(endpoint);
  }

  get identity(): ServiceClient<typeof Identity> {
    return this.#connection.service(Identity);
  }

  get controller(): ServiceClient<typeof Controller> {
    return this.#connection.service(Controller);
  }

  get node(): ServiceClient<typeof Node> {
    return this.#connection.service(Node);
  }

  get admin(): ServiceClient<typeof Admin> {
    return this.#connection.service(Admin);
  }

  get nodeAdmin(): ServiceClient<typeof NodeAdmin> {
    return this.#connection.service(NodeAdmin);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** All that it wrote to stderr. */
  get stderr(): string {
    return this.#process.stderr;
  }

  get log(): LogLine[] {
    return this.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** How it ended: an exit code, or a signal's name. */
  get ended(): Promise<string | number> {
    return this.#process.ended;
  }

  get hasEnded(): boolean {
    return this.#process.hasEnded;
  }

  /** Waits until Probe is answered. */
  async ready(): Promise<void> {
    const limit = Date.now() + START_LIMIT_MS;
    for (;;) {
      try {
        await this.identity.probe({});
        return;
      } catch (error) {
        if (this.hasEnded || Date.now() > limit)
          throw new Error(`the plugin did not start: ${this.stderr}`, { cause: error });
        await sleep(50);
      }
    }
  }

  /** Waits until a log line matches. */
  async logged(matches: (line: LogLine) => boolean, limitMs = 10_000): Promise<LogLine> {
    const limit = Date.now() + limitMs;
    for (;;) {
      const line = this.log.find(matches);
      if (line !== undefined) return line;
      if (Date.now() > limit) throw new Error(`never logged: ${this.stderr}`);
      await sleep(20);
    }
  }

  /** Waits until it has stopped after `pauseAfter`. */
  async paused(): Promise<void> {
    const limit = Date.now() + START_LIMIT_MS;
    while (!this.hasEnded && Date.now() < limit) {
      if (isStopped(this.pid)) return;
      await sleep(10);
    }
    throw new Error(`the plugin did not stop: ${this.stderr}`);
  }

  goOn(): void {
    this.#process.kill('SIGCONT');
  }

  /** Waits until this controller does the clusters' background work. */
  worksInBackground(limitMs?: number): Promise<LogLine> {
    return this.logged(({ msg }) => msg === 'this controller does the background work', limitMs);
  }

  /** Waits until the node is in the clusters' registry. */
  registered(): Promise<LogLine> {
    return this.logged(({ msg }) => msg === 'registered this node');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<string | number> {
    this.#connection.close();
    if (!this.hasEnded) this.#process.kill(signal);
    return this.ended;
  }
}

/** True where a process was stopped by a signal and does not go on (proc(5)). */
export function isStopped(pid: number): boolean {
  // The state is what follows the name in parentheses.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}

/** Starts `pannier plugin run`; it is ended with the test file. */
export async function startPlugin(options: PluginOptions): Promise<LabPlugin> {
  const folder = options.folder ?? labFolder();
  const endpoint = `unix://${join(folder, 'csi.sock')}`;
  const config = join(folder, 'pannier.hcl');
  writeFileSync(config, configText(options, folder, endpoint), { mode: 0o600 });
  const [node, program] = pannierProgram();
  const child = spawn(node, [program, 'plugin', 'run', `-config=${options.configAt ?? config}`], {
    env: {
      ...process.env,
      ...(options.configAt === undefined ? {} : placeOf(options, folder, endpoint)),
      ...environmentOf(options),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const plugin = new LabPlugin(folder, endpoint, processOf(child));
  t.teardown(() => plugin.stop('SIGKILL'));
  if (options.diesAtStart) return plugin;
  await plugin.ready();
  if (options.mode !== 'controller' && options.crashAfter === undefined) await plugin.registered();
  return plugin;
}

function processOf(child: ChildProcess): PluginProcess {
  const ended = new Promise<string | number>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  return {
    pid: child.pid ?? 0,
    get stderr() {
      return stderr;
    },
    ended,
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    kill: (signal) => child.kill(signal),
  };
}

/** The variables by which a test steers a plugin. */
export function environmentOf({ env, crashAfter, pauseAfter }: PluginOptions): NodeJS.ProcessEnv {
  return {
    ...env,
    ...(crashAfter === undefined ? {} : { [CRASH_AFTER]: crashAfter }),
    ...(pauseAfter === undefined ? {} : { [PAUSE_AFTER]: pauseAfter }),
  };
}

/** What is not the same for all plugins of a configuration that they share. */
function placeOf(options: PluginOptions, folder: string, endpoint: string): NodeJS.ProcessEnv {
  return {
    CSI_ENDPOINT: endpoint,
    PANNIER_MODE: options.mode ?? 'all',
    PANNIER_NODE_ID: options.nodeId ?? 'lab-node',
    PANNIER_STATE_DIR: join(folder, 'state'),
  };
}

/** A plugin's configuration file. */
export function configText(options: PluginOptions, folder: string, endpoint: string): string {
  const quote = JSON.stringify;
  return [
    `mode = ${quote(options.mode ?? 'all')}`,
    `endpoint = ${quote(endpoint)}`,
    `node_id = ${quote(options.nodeId ?? 'lab-node')}`,
    `state_dir = ${quote(join(folder, 'state'))}`,
    'log_level = "debug"',
    ...options.clusters.map(clusterBlock),
    options.config ?? '',
    '',
  ].join('\n');
}

/** A cluster as a configuration has it. */
export function clusterBlock(cluster: ClusterSettings): string {
  const { name, conf, monitors, monitorsService, user, key, keyFile, pool } = cluster;
  const { quotas = {}, foreignImages = [] } = cluster;
  const quota = Object.entries(quotas)
    .map(([of, bytes]) => `${of}=${bytes}`)
    .join();
  const foreign = foreignImages.map((one) => [one.pool, one.namespace].filter(Boolean).join('/'));
  const quote = JSON.stringify;
  const where =
    monitorsService !== undefined
      ? `monitors_service = ${quote(monitorsService)}`
      : conf === undefined
        ? `monitors = ${quote(monitors)}`
        : `conf = ${quote(conf)}`;
  return [
    `cluster ${quote(name)} {`,
    `  ${where}`,
    `  user = ${quote(user)}`,
    ...(key === undefined ? [] : [`  key = ${quote(key)}`]),
    ...(keyFile === undefined ? [] : [`  key_file = ${quote(keyFile)}`]),
    `  pool = ${quote(pool)}`,
    ...(quota === '' ? [] : [`  quota = ${quote(quota)}`]),
    ...(foreign.length === 0 ? [] : [`  foreign_images = ${quote(foreign.join())}`]),
    '}',
  ].join('\n');
}

/** "OK", or the code that a call failed with. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (error instanceof CallError) return error.code;
    throw error;
  }
}
