import type { Interfaces } from '@oclif/core';
import type { Command } from '@oclif/core/command';
import { Config } from '@oclif/core/config';
import { guess } from '../volume/guess.js';
import { UsageError } from './errors.js';
import { packageJson } from './package.js';

/**
 * oclif's view of the commands under `root`, a folder with commands/ in it: that of the compiled modules, or
 * of the bundle, where a manifest beside it saves reading them all. Nothing is looked for in a home.
 */
export function loadCommands(root: string): Promise<Config> {
  return Config.load({ root, pjson: oclifPackage(), userPlugins: false, devPlugins: false });
}

/** package.json as oclif is to see it: the commands are beside whatever runs. */
export function oclifPackage(): Interfaces.PJSON {
  const pjson = packageJson() as unknown as Interfaces.PJSON;
  const commands = { target: './commands', globPatterns: ['**/*.js'] };
  return { ...pjson, oclif: { ...pjson.oclif, commands: { strategy: 'pattern', ...commands } } };
}

export type Words = readonly string[];

/** What a command line names: a command and its own command line, or words that lead to commands. */
export type Resolved =
  | { readonly kind: 'command'; readonly command: Command.Loadable; readonly argv: Words }
  | { readonly kind: 'topic'; readonly words: Words };

/** Finds the command that the leading words name. Throws UsageError where they lead nowhere. */
export function resolve(config: Config, argv: Words): Resolved {
  const stop = argv.findIndex((word) => word.startsWith('-'));
  const words = argv.slice(0, stop === -1 ? undefined : stop);
  const deepest = words.findIndex((_, at) => children(config, words.slice(0, at + 1)).length === 0);
  const path = words.slice(0, deepest === -1 ? undefined : deepest + 1);
  const command = config.findCommand(path.join(':'));
  if (command !== undefined) return { kind: 'command', command, argv: argv.slice(path.length) };
  if (deepest === -1) return { kind: 'topic', words };
  throw new UsageError(`Unknown command "${path.join(' ')}"${meant(config, path)}`);
}

/** The next words of the commands behind `words`, in order. */
export function children(config: Pick<Config, 'commandIDs'>, words: Words): string[] {
  const next = config.commandIDs
    .map((id) => id.split(':'))
    .filter((id) => words.every((word, at) => id[at] === word))
    .map((id) => id[words.length])
    .filter((word) => word !== undefined);
  return [...new Set(next)].sort();
}

function meant(config: Pick<Config, 'commandIDs'>, path: Words): string {
  const before = path.slice(0, -1);
  const last = path.at(-1) ?? '';
  const known = children(config, before);
  const near = guess(last, known) ?? known.find((word) => children(config, [word]).includes(last));
  if (near === undefined) return `; there are ${known.join(', ')}`;
  const isTopic = before.length === 0 && children(config, [near]).includes(last);
  return `; did you mean "${[...before, near, ...(isTopic ? [last] : [])].join(' ')}"?`;
}
