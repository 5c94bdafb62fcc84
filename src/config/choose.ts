import { type Diagnostic, errorAt } from '../spec/diagnostic.js';
import type { Given } from './file.js';
import type { Option } from './options.js';

/** What goes over a configuration file. */
export interface Outside {
  /** By the flag's name without its dash; those not given are absent or undefined. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: NodeJS.ProcessEnv;
}

/** Takes a setting from the first place that has it, and checks it there; undefined where none has. */
export type Choose = (
  option: Option,
  /** Its name without the dash. */
  flag: string,
  inFile: ReadonlyMap<string, Given> | undefined,
) => string | undefined;

export function chooser({ flags, env }: Outside, report: (diagnostic: Diagnostic) => void): Choose {
  return (option, flag, inFile) => {
    const candidates: Array<Given | undefined> = [
      given(flags[flag], `-${flag}`),
      given(env[option.env], option.env),
      inFile?.get(option.key),
    ];
    const chosen = candidates.find((candidate) => candidate !== undefined);
    if (chosen === undefined) return option.fallback;
    const problem = option.problem(chosen.value);
    if (problem !== undefined) {
      const shown = option.secret ? '' : ` "${chosen.value}"`;
      report(errorAt(chosen.range, `${chosen.source}: invalid value${shown}`, sentence(problem)));
    }
    return chosen.value;
  };
}

function given(value: string | undefined, source: string): Given | undefined {
  return value === undefined || value === '' ? undefined : { value, source };
}

export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;
}
