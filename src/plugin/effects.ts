import type { Logger } from '../observe/log.js';
import { type Effect, type EffectName, effectNames } from '../volume/effects.js';

/** The environment variable that names the effect after which the process kills itself: for crash tests. */
export const CRASH_AFTER = 'PANNIER_CRASH_AFTER';

/**
 * Logs each outside effect, and ends the process as `kill -9` would right after the one that the
 * environment names. Fails where the name is not an effect's, so that no crash test aims at nothing.
 */
export function watchEffects(log: Logger, env: NodeJS.ProcessEnv): Effect {
  const crashAfter = env[CRASH_AFTER];
  if (crashAfter !== undefined && !effectNames().includes(crashAfter as EffectName))
    throw new Error(`${CRASH_AFTER}: "${crashAfter}" is not one of ${effectNames().join(', ')}`);
  return async (name, action) => {
    const result = await action();
    log.debug({ effect: name }, 'effect done');
    if (name === crashAfter) process.kill(process.pid, 'SIGKILL');
    return result;
  };
}
