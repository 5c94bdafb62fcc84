import type { Command } from '@oclif/core/command';
import type { Config } from '@oclif/core/config';
import { children } from '../commands.js';
import { FIXED, kindOfArgument, kindOfFlag, type Live } from './kinds.js';
import type { TypedLine } from './line.js';

/** Flags with their values, as they are typed so far; '' for one without a value. */
export type TypedFlags = Readonly<Record<string, string>>;

/** Tells what there is of a kind at the moment, whose name begins so. It never fails. */
export type AskLive = (
  kind: Live,
  beginning: string,
  command: string,
  flags: TypedFlags,
) => Promise<readonly string[]>;

const ROOT_FLAGS = ['-autocomplete-install', '-autocomplete-uninstall', '-help', '-version'];

/** Whole words that could stand where the cursor is; none leaves it to the shell, which knows files. */
export async function candidates(
  config: Config,
  { words, current }: TypedLine,
  ask: AskLive,
): Promise<readonly string[]> {
  const [, ...typed] = words;
  const path = pathOf(config, typed);
  const command = config.findCommand(path.join(':'));
  const rest = typed.slice(path.length);
  const next = rest.length === 0 ? children(config, path) : [];
  const subcommands = beginning(current.startsWith('-') ? [] : next, current);
  if (command === undefined)
    return path.length === 0 && current.startsWith('-')
      ? beginning(ROOT_FLAGS, current)
      : subcommands;
  return [...subcommands, ...(await ofCommand(command, rest, current, ask))];
}

/** The leading words that lead to commands. */
function pathOf(config: Config, words: readonly string[]): readonly string[] {
  const wrong = words.findIndex((word, at) => !children(config, words.slice(0, at)).includes(word));
  return wrong === -1 ? words : words.slice(0, wrong);
}

async function ofCommand(
  command: Command.Loadable,
  rest: readonly string[],
  current: string,
  ask: AskLive,
): Promise<readonly string[]> {
  const { flags, positionals, open } = readTyped(command, rest);
  const valuesOf = async (name: string, value: string) => {
    const kind = kindOfFlag(name);
    if (kind !== undefined) return ask(kind, value, command.id, flags);
    return beginning(FIXED[name] ?? [], value);
  };
  if (open !== undefined) return valuesOf(open, current);
  const [, name = '', value] = /^--?([^=]*)(?:=(.*))?$/s.exec(current) ?? [];
  if (current.startsWith('-') && value !== undefined) {
    const before = current.slice(0, current.length - value.length);
    return (await valuesOf(name, value)).map((found) => before + found);
  }
  if (current.startsWith('-')) return beginning(flagsOf(command, flags), current);
  const argument = Object.keys(command.args)[positionals];
  const kind = argument === undefined ? undefined : kindOfArgument(command.id, argument);
  return kind === undefined ? [] : ask(kind, current, command.id, flags);
}

/** What is typed behind a command: its flags, how many arguments, and a flag whose value comes next. */
function readTyped(command: Command.Loadable, rest: readonly string[]) {
  const flags: Record<string, string> = {};
  let positionals = 0;
  let open: string | undefined;
  for (const word of rest) {
    const [, name, value] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (open !== undefined) {
      flags[open] = word;
      open = undefined;
    } else if (name === undefined) positionals += 1;
    else if (value === undefined && command.flags[name]?.type === 'option') open = name;
    else flags[name] = value ?? '';
  }
  return { flags, positionals, open };
}

/** Flags that may still be given. */
function flagsOf(command: Command.Loadable, given: TypedFlags): string[] {
  const names = Object.entries(command.flags)
    .filter(([, flag]) => flag.hidden !== true)
    .filter(([name, flag]) => !(name in given) || (flag.type === 'option' && flag.multiple))
    .map(([name]) => `-${name}`);
  return [...names, '-help'].sort();
}

function beginning(words: readonly string[], with_: string): string[] {
  return words.filter((word) => word.startsWith(with_));
}
