import type { Settings } from '../config/settings.js';
import type { Logger } from '../observe/log.js';
import type { Controller } from '../volume/controller.js';
import { Remembered } from '../volume/remembered.js';

/** So many different mistakes are remembered as told. */
const KEPT = 100;

/** What a controller answers from while a cluster does not, and what the log is told of it: each thing once. */
export function memory(
  { outages }: Settings,
  log: Logger,
): Pick<Controller, 'remembered' | 'noCapacity'> {
  const told = new Map<string, string>();
  return {
    remembered:
      outages === 'report'
        ? undefined
        : new Remembered({
            lost: (question, problem) =>
              log.warn({ question, problem }, 'answers what was known last'),
            found: (question) => log.info({ question }, 'answers what is there again'),
          }),
    noCapacity(parameters, problem) {
      const key = JSON.stringify(Object.entries(parameters).sort());
      if (told.get(key) === problem) return;
      if (told.size >= KEPT) told.clear();
      told.set(key, problem);
      log.warn({ parameters, problem }, 'GetCapacity answers 0: these parameters make no volume');
    },
  };
}
