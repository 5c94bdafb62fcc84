import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { terminate } from '../../src/dev/processes.js';
import { tail, withoutCeph } from '../../src/dev/run.js';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;

/** A program that serves in a process of its own, with a folder that holds its data and its log. */
export class Daemon {
  #child: ChildProcess | undefined;

  constructor(
    readonly name: string,
    readonly folder: string,
    readonly program: string,
    readonly args: readonly string[],
    /** Of its HTTP API. */
    readonly address: string,
    private readonly env: NodeJS.ProcessEnv = {},
  ) {
    mkdirSync(folder, { recursive: true });
  }

  get #logFile(): string {
    return join(this.folder, 'log');
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get runs(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** All that it has logged, in all its lives. */
  get log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** Starts it, with the data that it has, and more in its environment. Its API may answer later. */
  start(env: NodeJS.ProcessEnv = {}): void {
    const log = openSync(this.#logFile, 'a');
    this.#child = spawn(this.program, this.args, {
      cwd: this.folder,
      env: { ...ownEnvironment(), ...this.env, ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
  }

  /** Waits until a question to it is answered with something. */
  async answers<T>(ask: () => Promise<T | undefined>, what: string): Promise<T> {
    const limit = Date.now() + START_LIMIT_MS;
    for (;;) {
      const answer = await ask().catch(() => undefined);
      if (answer !== undefined) return answer;
      if (!this.runs || Date.now() > limit)
        throw new Error(`${this.name}: ${what} did not come: ${tail(this.log, 30)}`);
      await sleep(100);
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || !this.runs) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await terminate(child.pid, STOP_LIMIT_MS, signal);
    await ended;
  }
}

/** This environment without what it says of other agents, or of another Ceph. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(withoutCeph(process.env)).filter(
      ([name]) => !/^(NOMAD|CONSUL|VAULT|MESOS)_/.test(name),
    ),
  );
}
