import { isFree } from '../../src/dev/ceph/ports.js';
import { tryLock } from '../../src/dev/lock.js';

/** Below the ports that the kernel gives to clients, and below those of the tests' Ceph. */
const FIRST = 20_000;
const LAST = 23_000;

/** So many ports of 127.0.0.1 that are this process's until it ends, whether something listens there or not. */
export async function ownPorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = FIRST; ports.length < count; port++) {
    if (port > LAST) throw new Error(`no ${count} free ports from ${FIRST} to ${LAST}`);
    const lock = await tryLock(`test port ${port}`);
    if (lock === undefined) continue;
    if (await isFree('127.0.0.1', port)) ports.push(port);
    else lock.release();
  }
  return ports;
}
