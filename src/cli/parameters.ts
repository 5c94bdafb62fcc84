import { UsageError } from './errors.js';
import { optionList } from './flags.js';

/** Parameters for the plugin, as Nomad's commands take them. */
export const parameterFlags = {
  parameter: optionList({
    value: 'key=value',
    description: "A parameter for the plugin, as in a specification's parameters.",
  }),
};

/** The parameters that were given. Throws UsageError. */
export function readParameterFlags(words: readonly string[]): Record<string, string> {
  const entries = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 1)
      throw new UsageError(`invalid value "${word}" for -parameter: write -parameter=key=value`);
    return [word.slice(0, equals), word.slice(equals + 1)] as const;
  });
  return Object.fromEntries(entries);
}
