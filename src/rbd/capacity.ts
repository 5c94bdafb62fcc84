import { VolumeError } from '../volume/errors.js';
import type { PoolCapacity } from '../volume/store.js';
import type { Connection } from './connection.js';
import { monitorCommand } from './monitors.js';
import type { Session } from './session.js';

/** What `ceph df detail` says of a pool, in bytes. */
interface PoolUsage {
  readonly name: string;
  readonly stats: {
    readonly stored: number;
    readonly max_avail: number;
    /** 0: none. */
    readonly quota_bytes: number;
  };
}

/** What a pool can still take: what its OSDs have, and at most what its quota leaves. */
export function capacity(connection: Connection, pool: string): Promise<PoolCapacity> {
  return connection.use(async (session) => {
    await session.poolId(pool);
    const usage = (await usages(session)).find(({ name }) => name === pool);
    // The managers report a new pool a moment after it is made.
    if (usage === undefined)
      throw new VolumeError('cluster-unavailable', {
        cluster: session.cluster,
        problem: `it has no figures of pool "${pool}" yet`,
      });
    const { stored, max_avail, quota_bytes } = usage.stats;
    const left = quota_bytes === 0 ? max_avail : Math.min(max_avail, quota_bytes - stored);
    return { availableBytes: BigInt(Math.max(0, Math.trunc(left))) };
  });
}

async function usages(session: Session): Promise<readonly PoolUsage[]> {
  const command = JSON.stringify({ prefix: 'df', detail: 'detail', format: 'json' });
  const answer: { readonly pools: readonly PoolUsage[] } = JSON.parse(
    await monitorCommand(session, command, 'ask how full the pools are'),
  );
  return answer.pools;
}
