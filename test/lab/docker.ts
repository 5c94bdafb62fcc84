import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { terminate } from '../../src/dev/processes.js';
import { run, tail } from '../../src/dev/run.js';
import { labFolder } from './folder.js';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;
/** Loading an image unpacks it. */
const COMMAND_LIMIT_MS = 300_000;

/** What a daemon must leave alone on a machine that is not its own: bridges, firewall rules, forwarding. */
const NO_NETWORK = [
  ...['--bridge=none', '--iptables=false', '--ip6tables=false'],
  ...['--ip-forward=false', '--ip-masq=false'],
];

/** A Docker whose images, containers and sockets are in a test file's folder. It has the host's network alone. */
export class LabDocker {
  constructor(
    readonly endpoint: string,
    readonly pid: number,
  ) {}

  /** Runs `docker` and returns what it printed. */
  docker(...args: string[]): Promise<string> {
    return run('docker', ['--host', this.endpoint, ...args], { limitMs: COMMAND_LIMIT_MS });
  }
}

/** Starts Debian's Docker; it is ended, with all its containers, when the test file ends. */
export async function startDocker(): Promise<LabDocker> {
  const folder = labFolder();
  const [data, exec] = [join(folder, 'data'), join(folder, 'exec')];
  for (const path of [data, exec]) mkdirSync(path);
  const endpoint = `unix://${join(folder, 'docker.sock')}`;
  const logFile = join(folder, 'log');
  const log = openSync(logFile, 'a');
  const child = spawn(
    'dockerd',
    [
      ...[`--data-root=${data}`, `--exec-root=${exec}`, `--pidfile=${join(folder, 'pid')}`],
      ...[`--host=${endpoint}`, '--storage-driver=overlay2'],
      ...['--exec-opt=native.cgroupdriver=cgroupfs', ...NO_NETWORK],
    ],
    { cwd: folder, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`it ended with ${code ?? signal}`));
  });
  const docker = new LabDocker(endpoint, child.pid ?? 0);
  t.teardown(async () => {
    const containers = (await docker.docker('ps', '-aq')).split('\n').filter(Boolean);
    if (containers.length > 0) await docker.docker('rm', '--force', ...containers);
    await terminate(docker.pid, STOP_LIMIT_MS);
  });
  for (const limit = Date.now() + START_LIMIT_MS; ; ) {
    const state = await Promise.race([
      docker.docker('version').then(
        () => 'answers',
        () => 'silent',
      ),
      ended,
    ]);
    if (state === 'answers') return docker;
    if (state !== 'silent' || Date.now() > limit)
      throw new Error(
        `dockerd did not start: ${state}\n${tail(readFileSync(logFile, 'utf8'), 20)}`,
      );
    await sleep(100);
  }
}
