import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Interfaces } from '@oclif/core';
import type { Command } from '@oclif/core/command';
import { Config } from '@oclif/core/config';
import { guess } from '../volume/guess.js';
import { UsageError } from './errors.js';
import { packageJson } from './package.js';

type Cached = Command.Cached & { readonly relativePath: readonly string[] };

/**
 * oclif's configuration, from the manifest that the build writes beside the commands. oclif would look for
 * plugins, themes and a shell besides, in a home and around it, at each start.
 */
export class Commands extends Config {
  readonly #commands: ReadonlyMap<string, Command.Loadable>;

  /** `root` is the folder with commands/ and oclif.manifest.json. */
  constructor(root: string) {
    super({ root });
    const pjson = packageJson() as unknown as Interfaces.PJSON;
    this.root = root;
    this.pjson = pjson;
    this.name = pjson.name;
    this.version = pjson.version;
    this.bin = pjson.oclif.bin ?? pjson.name;
    this.topicSeparator = ' ';
    const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8'));
    this.#commands = new Map(
      Object.values(manifest.commands as Record<string, Cached>).map((cached) => [
        cached.id,
        { ...cached, load: () => loadCommand(root, cached) },
      ]),
    );
  }

  override get commands(): Command.Loadable[] {
    return [...this.#commands.values()];
  }

  override get commandIDs(): string[] {
    return [...this.#commands.keys()];
  }

  override get topics(): Interfaces.Topic[] {
    const topics = Object.entries(this.pjson.oclif.topics ?? {});
    return topics.map(([name, topic]) => ({ name, description: topic.description }));
  }

  override findCommand(id: string, options: { must: true }): Command.Loadable;
  override findCommand(id: string, options?: { must: boolean }): Command.Loadable | undefined;
  override findCommand(id: string): Command.Loadable | undefined {
    return this.#commands.get(id);
  }

  /** Nothing hooks in. */
  override async runHook(): Promise<Interfaces.Hook.Result<never>> {
    return { successes: [], failures: [] };
  }
}

async function loadCommand(root: string, { id, relativePath }: Cached): Promise<Command.Class> {
  const module = await import(pathToFileURL(join(root, ...relativePath)).href);
  const command = module.default as Command.Class;
  command.id = id;
  return command;
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
  const near = guess(last, known);
  const meant =
    near === undefined
      ? known.filter((word) => children(config, [...before, word]).includes(last))
      : [near];
  if (meant.length === 0) return `; there are ${known.join(', ')}`;
  const behind = near === undefined ? [last] : [];
  const lines = meant.map((word) => `"${[...before, word, ...behind].join(' ')}"`);
  return `; did you mean ${lines.join(' or ')}?`;
}
