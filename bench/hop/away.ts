import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PORTS_PER_CLUSTER } from '../../src/dev/ceph/ports.js';
import type { Batches, Creations } from '../creations.js';
import type { Lab } from '../lab.js';
import type { Report, Task } from './messages.js';
import { relay } from './relay.js';

const APART = fileURLToPath(new URL('apart.js', import.meta.url));

/** Does what measureCreations does in a process for which Ceph is a network hop away. */
export async function measureAway(lab: Lab, batches: Batches): Promise<Creations> {
  const { cluster, signal } = lab;
  const { address, port: first } = lab.monitor;
  const ports = Array.from({ length: PORTS_PER_CLUSTER }, (_, index) => first + index);
  const folder = join(lab.folder, 'apart');
  // The folder among the arguments tells whose the process is, should this one be killed.
  const child = spawn('unshare', ['--net', process.execPath, APART, join(folder, 'controller')], {
    // An interrupt at the terminal is ours to pass on: the process has a plugin to stop.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  const servers: Server[] = [];
  let last: Report | undefined;
  child.on('message', (report: Report, handle) => {
    last = report;
    if (report.kind !== 'server' || !(handle instanceof Server)) return;
    relay(handle, address, report.port);
    servers.push(handle);
  });
  const interrupt = () => child.kill('SIGTERM');
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    const task: Task = { folder, cluster, address, ports, batches };
    child.send(task);
    await ended;
    signal.throwIfAborted();
    if (last?.kind === 'measured') return last.creations;
    throw new Error(last?.kind === 'failed' ? last.problem : 'the process a hop away has ended');
  } finally {
    signal.removeEventListener('abort', interrupt);
    for (const server of servers) server.close();
  }
}
