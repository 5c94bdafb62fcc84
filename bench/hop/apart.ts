/**
 * Runs in a network namespace of its own, from which nothing leads to Ceph but the relay: it listens where
 * Ceph does and hands those sockets to the process that started it, which is in Ceph's namespace. Then it
 * starts a controller, connects librbd, and measures.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { run } from '../../src/dev/run.js';
import { Bare } from '../bare.js';
import { type Creations, measureCreations } from '../creations.js';
import { startPlugin } from '../plugin.js';
import type { Report, Task } from './messages.js';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interrupt.abort(new Error(`interrupted by ${signal}`)));
process.on('disconnect', () => interrupt.abort(new Error('nobody waits for an answer any more')));

const [task] = (await once(process, 'message')) as [Task];
let report: Report;
try {
  report = { kind: 'measured', creations: await measure(task) };
} catch (error) {
  report = { kind: 'failed', problem: error instanceof Error ? error.message : String(error) };
}
if (process.connected) process.send?.(report, () => process.disconnect());

async function measure({ folder, cluster, address, ports, batches }: Task): Promise<Creations> {
  const { signal } = interrupt;
  await run('ip', ['link', 'set', 'lo', 'up'], { signal });
  for (const port of ports) await handOver(address, port);
  const controller = await startPlugin(join(folder, 'controller'), 'controller', cluster, signal);
  try {
    const bare = await Bare.open(cluster);
    try {
      return await measureCreations({ controller, bare, signal }, 'away', batches);
    } finally {
      await bare.close();
    }
  } finally {
    await controller.stop();
  }
}

async function handOver(address: string, port: number): Promise<void> {
  const server = createServer().listen(port, address);
  await once(server, 'listening');
  const message: Report = { kind: 'server', port };
  await new Promise<void>((resolve, reject) => {
    process.send?.(message, server, {}, (error) => (error ? reject(error) : resolve()));
  });
  // The socket lives on in the other process.
  server.close();
}
