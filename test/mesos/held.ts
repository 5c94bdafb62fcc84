import type { OperationStatus } from '../lab/mesos/framework.js';
import { partOf, pool, type Resource } from '../lab/mesos/resources.js';
import type { Site } from './site.js';

/** An operation that has begun. */
interface Begun {
  readonly ended: () => Promise<OperationStatus>;
}

/**
 * Begins a CREATE_DISK of 32 MiB that the plugin does not hear of before `look` has seen that it waits, and done what
 * it wants to then. One that Mesos drops, since its offer was old, is begun anew.
 */
export async function held<T extends { readonly operations: readonly unknown[] }>(
  site: Site,
  profile: string,
  look: () => Promise<T>,
): Promise<T & { readonly operation: Begun }> {
  const { agent, framework } = site;
  const body = (raw: Resource) => ({ source: partOf(raw, 32), target_type: 'MOUNT' });
  for (;;) {
    site.signalPlugin(agent, 'SIGSTOP');
    try {
      const operation = await framework.begin(pool(profile), 'CREATE_DISK', body);
      let over = false;
      void operation.ended().then(() => {
        over = true;
      });
      while (!over) {
        const seen = await look();
        if (seen.operations.length > 0) return { ...seen, operation };
      }
    } finally {
      site.signalPlugin(agent, 'SIGCONT');
    }
  }
}
