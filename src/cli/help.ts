import type { Command } from '@oclif/core/command';
import { HelpBase } from '@oclif/core/help';
import { children } from './commands.js';
import { GENERAL_OPTIONS } from './flags.js';

const WIDTH = 79;

/** What help says of a command. */
export interface HelpText {
  /** As typed: "volume create". */
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly args: ReadonlyArray<{
    /** With dots where it may be given several times. */
    readonly name: string;
    readonly required: boolean;
    readonly description: string;
  }>;
  readonly options: ReadonlyArray<{
    readonly heading: string;
    readonly flags: readonly FlagText[];
  }>;
  readonly examples: readonly string[];
}

interface FlagText {
  /** `-endpoint=<address>`. */
  readonly label: string;
  readonly description: string;
}

/** Help in the shape of Nomad's. */
export class PannierHelp extends HelpBase {
  /** Prints the help of the words that lead to commands; without words, of pannier itself. */
  override async showHelp(words: string[]): Promise<void> {
    process.stdout.write(`${this.topic(words)}\n`);
  }

  override async showCommandHelp(command: Command.Loadable): Promise<void> {
    const text = commandHelp(helpText(command));
    const below = this.#verbs(command.id.split(':'));
    process.stdout.write(`${text}${below === '' ? '' : `\nSubcommands:\n\n${below}\n`}`);
  }

  /** The help of a topic, such as `pannier volume`, or of the root. */
  topic(words: readonly string[]): string {
    const path = ['pannier', ...words].join(' ');
    const topic = this.config.topics.find(({ name }) => name === words.join(':'));
    const usage =
      words.length === 0
        ? 'Usage: pannier [-version] [-help] [-autocomplete-(un)install] <command> [args]'
        : `Usage: ${path} <subcommand> [options] [args]`;
    const about = words.length === 0 ? this.config.pjson.description : topic?.description;
    const heading = words.length === 0 ? 'Commands' : 'Subcommands';
    return `${usage}\n\n${wrap(about ?? '', 2)}\n\n${heading}:\n\n${this.#verbs(words)}`;
  }

  #verbs(words: readonly string[]): string {
    const names = children(this.config, words);
    const widest = Math.max(...names.map((name) => name.length));
    return names
      .map((name) => `    ${name.padEnd(widest)}    ${this.#summary([...words, name])}`)
      .join('\n');
  }

  #summary(words: readonly string[]): string {
    const id = words.join(':');
    const command = this.config.findCommand(id);
    return (
      command?.summary ?? this.config.topics.find(({ name }) => name === id)?.description ?? ''
    );
  }
}

/** The help of one command. */
export function commandHelp(text: HelpText): string {
  const args = text.args.map(({ name, required }) => (required ? ` <${name}>` : ` [${name}]`));
  const options = text.options.map(
    ({ heading, flags }) =>
      `${heading}:\n\n${flags.map(({ label, description }) => `  ${label}\n${wrap(description, 4)}\n`).join('\n')}`,
  );
  const examples = text.examples.map((example) => `    $ ${example}\n`).join('');
  return [
    `Usage: pannier ${text.name} [options]${args.join('')}\n`,
    `${wrap(text.description, 2)}\n`,
    ...options,
    `${text.examples.length === 1 ? 'Example' : 'Examples'}:\n\n${examples}`,
  ].join('\n');
}

/** Gathers what help says of a command from its class or its place in the manifest. */
export function helpText(command: Command.Loadable): HelpText {
  const words = command.id.split(':');
  const own = `${capital(words.at(-1) ?? '')} Options`;
  const flags = Object.entries(command.flags).filter(([, flag]) => flag.hidden !== true);
  const headings = [
    ...new Set([GENERAL_OPTIONS, ...flags.map(([, flag]) => flag.helpGroup ?? own)]),
  ];
  return {
    name: words.join(' '),
    summary: command.summary ?? '',
    description: command.description ?? '',
    args: Object.entries(command.args).map(([name, arg]) => ({
      name: arg.multiple === true ? `${name}...` : name,
      required: arg.required === true,
      description: arg.description ?? '',
    })),
    options: headings
      .map((heading) => ({
        heading,
        flags: flags
          .filter(([, flag]) => (flag.helpGroup ?? own) === heading)
          .map(([name, flag]) => flagText(name, flag))
          .sort((a, b) => a.label.localeCompare(b.label)),
      }))
      .filter((group) => group.flags.length > 0),
    examples: (command.examples ?? []).map(String),
  };
}

function flagText(name: string, flag: Command.Flag.Cached): FlagText {
  const parts = [flag.description ?? ''];
  if (flag.type === 'option' && flag.multiple === true) parts.push('May be given more than once.');
  if (flag.type === 'option' && typeof flag.default === 'string')
    parts.push(`Default: ${flag.default}.`);
  if (flag.type === 'boolean' && flag.allowNo) parts.push(`Turned off with -${name}=false.`);
  if (flag.env !== undefined) parts.push(`Environment: ${flag.env}.`);
  return {
    label: flag.type === 'option' ? `-${name}=<${String(flag.helpValue ?? 'value')}>` : `-${name}`,
    description: parts.join(' '),
  };
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** Text in lines of 79 columns behind an indent; blank lines stay, lines that are indented are kept whole. */
function wrap(text: string, indent: number): string {
  const margin = ' '.repeat(indent);
  return text
    .split('\n')
    .map((line) =>
      /^\s/.test(line)
        ? margin + line
        : fold(line, WIDTH - indent)
            .map((part) => margin + part)
            .join('\n'),
    )
    .map((line) => line.trimEnd())
    .join('\n');
}

function fold(line: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of line.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
