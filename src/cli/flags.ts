import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { Arg, BooleanFlag, OptionFlag } from '@oclif/core/interfaces';
import { DEFAULT_ENDPOINT } from '../dev/defaults.js';

interface OptionText {
  /** What the value is, for help: `-folder=<path>`. */
  readonly value: string;
  readonly description: string;
  /** The environment variable that is read where the flag is not given. */
  readonly env?: string;
  /** The heading in help; a command's own flags stand under its verb. */
  readonly helpGroup?: string;
}

/** The heading in help of flags that many commands have. */
export const GENERAL_OPTIONS = 'General Options';

/** A flag with a value, given once: undefined where it is not given and has no default. */
export function option<D extends string | undefined = undefined>({
  value,
  ...rest
}: OptionText & { readonly default?: D }) {
  return Flags.string({ helpValue: value, ...rest }) as unknown as OptionFlag<
    D extends string ? string : string | undefined
  >;
}

/** A flag with a value that may be given more than once. */
export function optionList({ value, ...rest }: OptionText): OptionFlag<string[]> {
  return Flags.string({
    helpValue: value,
    ...rest,
    multiple: true,
    multipleNonGreedy: true,
    default: [],
  });
}

/** A flag without a value: false unless given, or with `on`, true unless turned off. */
export function toggle({
  on = false,
  ...text
}: Omit<OptionText, 'value'> & { readonly on?: boolean }): BooleanFlag<boolean> {
  return Flags.boolean({ ...text, default: on, allowNo: on });
}

/** A flag without a value that may be turned off: undefined unless given. */
export function choice(text: Omit<OptionText, 'value'>) {
  return Flags.boolean({ ...text, allowNo: true }) as unknown as BooleanFlag<boolean | undefined>;
}

/** A positional argument. oclif would read a missing one from standard input; nothing here does. */
export function argument<R extends boolean = false>(text: {
  readonly description: string;
  readonly required?: R;
}) {
  return Args.string({ ...text, ignoreStdin: true }) as unknown as Arg<
    R extends true ? string : string | undefined
  >;
}

/** Positional arguments, as many as there are; undefined where there is none. They are a command's last. */
export function argumentList(text: { readonly description: string; readonly required?: boolean }) {
  return Args.string({ ...text, ignoreStdin: true, multiple: true }) as unknown as Arg<
    readonly string[] | undefined
  >;
}

/** For every command that prints data. */
export const outputFlags = {
  json: toggle({
    helpGroup: GENERAL_OPTIONS,
    description: 'Print the data, or an error, as JSON.',
  }),
  t: option({
    value: 'template',
    helpGroup: GENERAL_OPTIONS,
    description: "Print the data through a template in the manner of Go's: -t '{{.id}}'.",
  }),
};

/** For commands that speak to a plugin and to nothing else. */
export const endpointFlags = {
  endpoint: option({
    value: 'address',
    helpGroup: GENERAL_OPTIONS,
    description:
      'The gRPC address of the plugin: unix:///csi/csi.sock, the path of a socket, tcp://host:port, or consul://service for a healthy one that is registered in Consul.',
    env: 'PANNIER_ENDPOINT',
    default: DEFAULT_ENDPOINT,
  }),
};

/**
 * The description of a flag that the program reads from the environment itself, since it matters whether the flag
 * or the variable was given.
 */
export function orVariable(description: string, variable: string): string {
  return `${description} Environment: ${variable}.`;
}
