import type { Settings } from '../config/settings.js';
import { openLog } from '../observe/log.js';
import { callsUnderWay, endProcess } from '../rbd/native.js';
import { watchEffects } from './effects.js';
import { startPlugin } from './start.js';

/** Tells of changed settings until the returned function is called. */
export type Follow = (use: (settings: Settings) => void) => () => void;

/**
 * Runs the plugin until SIGTERM or SIGINT; a second signal does not wait for the calls in flight.
 *
 * @param follow Undefined where the configuration does not change while the plugin runs.
 */
export async function runPlugin(
  settings: Settings,
  version: string,
  follow: Follow | undefined,
): Promise<void> {
  const log = openLog(settings.logLevel);
  const effect = watchEffects(log, process.env);
  const told = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });
  const plugin = await startPlugin({ settings, version, log, effect });
  const unfollow = follow?.((changed) => void plugin.follow(changed));
  log.info({ signal: await told }, 'told to stop');
  unfollow?.();
  await plugin.stop();
  // Freeing a large image takes hours, and its thread would hold up the end of the process for as long. All
  // that Ceph still works for can be cut short, and the next plugin goes on with it.
  if (callsUnderWay() > 0) {
    log.info({ calls: callsUnderWay() }, 'plugin ends while Ceph still works for it');
    endProcess(0);
  }
}
