import type { Settings } from '../config/settings.js';
import { openLog } from '../observe/log.js';
import { callsUnderWay, endProcess } from '../rbd/native.js';
import { watchEffects } from './effects.js';
import { startPlugin } from './start.js';

/** Runs the plugin until SIGTERM or SIGINT; a second signal does not wait for the calls in flight. */
export async function runPlugin(settings: Settings, version: string): Promise<void> {
  const log = openLog(settings.logLevel);
  const effect = watchEffects(log, process.env);
  const told = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });
  const plugin = await startPlugin({ settings, version, log, effect });
  log.info({ signal: await told }, 'told to stop');
  await plugin.stop();
  // Freeing a large image takes hours, and its thread would hold up the end of the process for as long. All
  // that Ceph still works for can be cut short, and the next plugin goes on with it.
  if (callsUnderWay() > 0) {
    log.info({ calls: callsUnderWay() }, 'plugin ends while Ceph still works for it');
    endProcess(0);
  }
}
