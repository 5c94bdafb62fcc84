import type { ReadOptions } from '../spec/read.js';
import { UsageError } from './errors.js';
import { GENERAL_OPTIONS, optionList } from './flags.js';

/** For every command that reads specifications: values for their variables. */
export const inputFlags = {
  var: optionList({
    value: 'name=value',
    helpGroup: GENERAL_OPTIONS,
    description:
      'A value for a variable that the specification declares. Other users of the machine may see it; secrets come better by reference.',
  }),
  'var-file': optionList({
    value: 'path',
    helpGroup: GENERAL_OPTIONS,
    description:
      'A file with values for variables, HCL or JSON. The later ones count, and -var before them all. What neither gives comes from the environment: PANNIER_VAR_name, or NOMAD_VAR_name.',
  }),
};

/** The flags, as they are given. */
export interface GivenInputs {
  readonly var: readonly string[];
  readonly 'var-file': readonly string[];
}

/** How specifications are read with the flags. Throws UsageError. */
export function inputsOf(flags: GivenInputs): Pick<ReadOptions, 'vars' | 'varFiles'> {
  const bad = flags.var.find((given) => !/^[^=]*\S[^=]*=/.test(given));
  if (bad !== undefined) throw new UsageError('-var takes a name and a value: -var name=value');
  return { vars: flags.var, varFiles: flags['var-file'] };
}
