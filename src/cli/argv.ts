import { guess } from '../volume/guess.js';
import { UsageError } from './errors.js';

/** What the parser needs to know of a flag. */
export interface FlagShape {
  readonly type: 'boolean' | 'option';
  /** May be given more than once, each time with one value. */
  readonly multiple?: boolean;
  /** Of a boolean: that it is turned off is told apart from its absence. */
  readonly allowNo?: boolean;
}

export interface Argv {
  /** For oclif: `--name` and `--name=value`, each flag once unless it may repeat. */
  readonly flags: readonly string[];
  readonly positionals: readonly string[];
}

// Go's strconv.ParseBool.
const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

/**
 * Reads a command line as Go's flag package does: one dash or two, `-flag=value` or `-flag value`, booleans
 * only with `=`, the last of a repeated flag wins, `--` ends the flags and `-` is a positional. Unlike
 * there, flags may follow positionals. Throws UsageError in that package's words.
 */
export function readArgv(
  argv: readonly string[],
  shapes: Readonly<Record<string, FlagShape>>,
): Argv {
  const flags = new Map<string, string[]>();
  const positionals: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      positionals.push(...rest);
      break;
    }
    const [, name, value] = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (name === undefined) {
      if (word.startsWith('--') || word.startsWith('-='))
        throw new UsageError(`bad flag syntax: ${word}`);
      positionals.push(word);
      continue;
    }
    const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    if (shape === undefined)
      throw new UsageError(
        `flag provided but not defined: -${name}${meant(name, Object.keys(shapes))}`,
      );
    const canonical =
      shape.type === 'boolean'
        ? booleanFlag(name, value, shape.allowNo === true)
        : [`--${name}=${value ?? next(name, rest)}`];
    flags.set(name, [...(shape.multiple ? (flags.get(name) ?? []) : []), ...canonical]);
  }
  return { flags: [...flags.values()].flat(), positionals };
}

function meant(name: string, known: readonly string[]): string {
  const flag = guess(name, known);
  return flag === undefined ? '' : `; did you mean -${flag}?`;
}

function booleanFlag(name: string, value: string | undefined, on: boolean): string[] {
  if (value === undefined || TRUE.includes(value)) return [`--${name}`];
  if (FALSE.includes(value)) return on ? [`--no-${name}`] : [];
  throw new UsageError(`invalid boolean value "${value}" for -${name}: use true or false`);
}

function next(name: string, rest: string[]): string {
  const value = rest.shift();
  if (value === undefined) throw new UsageError(`flag needs an argument: -${name}`);
  return value;
}

/** True where a command line asks for help before its flags end. */
export function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv
    .slice(0, end === -1 ? undefined : end)
    .some((word) => ['-h', '--h', '-help', '--help'].includes(word));
}

/**
 * True where a command line asks for JSON, as far as can be told of one that may not parse: its error is
 * printed as JSON too.
 */
export function wantsJson(argv: readonly string[]): boolean {
  return argv.some((word) => {
    const [, value] = /^--?json(?:=(.*))?$/.exec(word) ?? [undefined, 'false'];
    return value === undefined || TRUE.includes(value);
  });
}
