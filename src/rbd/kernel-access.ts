import type { KernelAccess } from '../volume/store.js';
import type { Connection } from './connection.js';
import { keyOf } from './keyring.js';
import { monitorCommand } from './monitors.js';

interface MonitorMap {
  readonly fsid: string;
  readonly mons: ReadonlyArray<{
    readonly public_addrs: {
      readonly addrvec: ReadonlyArray<{ readonly type: string; readonly addr: string }>;
    };
  }>;
}

/**
 * What the kernel's client needs to connect as this one. The monitors tell their own addresses: the kernel looks no
 * names up, and has to know which protocol is spoken where.
 */
export function kernelAccess(connection: Connection): Promise<KernelAccess> {
  return connection.use(async (session) => {
    const command = JSON.stringify({ prefix: 'mon dump', format: 'json' });
    const printed = await monitorCommand(session, command, 'read the map of the monitors');
    const { fsid, mons } = JSON.parse(printed) as MonitorMap;
    const monitors = mons.map(({ public_addrs: { addrvec } }) =>
      Object.fromEntries(addrvec.map(({ type, addr }) => [type, addr])),
    );
    const { rados, user } = session;
    return { fsid, user, key: await keyOf(rados, user), monitors };
  });
}
