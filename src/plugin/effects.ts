import type { Logger } from '../observe/log.js';
import { type Effect, type EffectName, effectNames } from '../volume/effects.js';

/** The environment variable that names the effect after which the process kills itself: for crash tests. */
export const CRASH_AFTER = 'PANNIER_CRASH_AFTER';
/** The one after whose first time it stops until a SIGCONT, so that a test can have others come in between. */
export const PAUSE_AFTER = 'PANNIER_PAUSE_AFTER';

/**
 * Logs each outside effect, and ends the process as `kill -9` would, or stops it, right after the one that the
 * environment names. Fails where the name is not an effect's, so that no crash test aims at nothing.
 */
export function watchEffects(log: Logger, env: NodeJS.ProcessEnv): Effect {
  const crashAfter = effectIn(env, CRASH_AFTER);
  let pauseAfter = effectIn(env, PAUSE_AFTER);
  return async (name, action) => {
    const result = await action();
    log.debug({ effect: name }, 'effect done');
    if (name === crashAfter) process.kill(process.pid, 'SIGKILL');
    if (name === pauseAfter) {
      pauseAfter = undefined;
      process.kill(process.pid, 'SIGSTOP');
    }
    return result;
  };
}

function effectIn(env: NodeJS.ProcessEnv, variable: string): EffectName | undefined {
  const name = env[variable];
  const known = effectNames().find((effect) => effect === name);
  if (name !== undefined && known === undefined)
    throw new Error(`${variable}: "${name}" is not one of ${effectNames().join(', ')}`);
  return known;
}
