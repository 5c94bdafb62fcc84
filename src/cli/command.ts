import type { Interfaces } from '@oclif/core';
import { Command } from '@oclif/core/command';
import type { Config } from '@oclif/core/config';
import { readArgv } from './argv.js';
import { bold } from './colour.js';
import { Concealer } from './concealer.js';
import { DoingError, UsageError } from './errors.js';
import { toJson } from './json.js';
import { monitorLine } from './monitor.js';
import type { Output } from './output.js';
import { withProgress } from './progress.js';
import type { Node } from './template/parse.js';

type Flags<C extends typeof PannierCommand> = Interfaces.InferredFlags<C['flags']>;
type Args<C extends typeof PannierCommand> = Interfaces.InferredArgs<C['args']>;

/**
 * What commands share: the command line in the manner of Go, and three ways to print data. Only data goes to
 * standard output. With -json or -t nothing else is said but an error.
 */
export abstract class PannierCommand extends Command implements Output {
  /** Runs with the configuration that was loaded; oclif's own would load it once more. */
  static override async run<T extends Command>(
    this: new (
      argv: string[],
      config: Config,
    ) => T,
    argv?: string[],
    config?: Interfaces.LoadOptions,
  ): Promise<ReturnType<T['run']>> {
    const command = new this(argv ?? [], config as Config);
    return (command as unknown as { _run(): Promise<ReturnType<T['run']>> })._run();
  }

  /** What the command does, for its errors: "Error creating volume: …". */
  protected abstract readonly doing: string;
  readonly #concealer = new Concealer();
  #format: { json: boolean; template?: readonly Node[] } = { json: false };

  /** The command's flags and arguments. Throws UsageError. */
  protected async input<C extends typeof PannierCommand>(
    command: C,
  ): Promise<{ flags: Flags<C>; args: Args<C> }> {
    const { flags: words, positionals } = readArgv(this.argv, command.flags);
    checkCount(positionals, command.args);
    const { flags, args } = await this.parse(command as typeof PannierCommand, [
      ...words,
      '--',
      ...positionals,
    ]);
    const { json = false, t: template } = flags as { json?: boolean; t?: string };
    if (json && template !== undefined)
      throw new UsageError('Both json and template formatting are not allowed');
    this.#format = { json };
    if (template !== undefined) {
      const { parseTemplate } = await import('./template/parse.js');
      this.#format = { json, template: parseTemplate(template) };
    }
    return { flags: flags as Flags<C>, args: args as Args<C> };
  }

  get forPeople(): boolean {
    return !this.#format.json && this.#format.template === undefined;
  }

  conceal(texts: readonly string[]): void {
    this.#concealer.add(texts);
  }

  async data(data: unknown, text: () => string): Promise<void> {
    const { json, template } = this.#format;
    if (json) print(toJson(this.#concealer.data(data)));
    else if (template === undefined) print(this.#concealer.text(text()));
    else {
      const { render } = await import('./template/render.js');
      print(render(template, this.#concealer.data(data)));
    }
  }

  text(line: string): void {
    if (this.forPeople) print(this.#concealer.text(line));
  }

  heading(title: string): string {
    return bold(title, process.stdout);
  }

  monitor(line: string): void {
    const said = monitorLine(this.#concealer.text(line));
    if (this.forPeople) process.stderr.write(`${bold(said, process.stderr)}\n`);
  }

  notice(text: string): void {
    if (this.forPeople) process.stderr.write(`${text}\n\n`);
  }

  override warn(input: Error | string): Error | string {
    const message = typeof input === 'string' ? input : input.message;
    if (this.forPeople) process.stderr.write(`Warning: ${this.#concealer.text(message)}\n`);
    return input;
  }

  progress<T>(label: string, work: Promise<T>): Promise<T> {
    return this.forPeople ? withProgress(process.stderr, this.#concealer.text(label), work) : work;
  }

  protected override async catch(error: Error): Promise<never> {
    throw error instanceof UsageError
      ? error
      : new DoingError(this.doing, this.#concealer.error(error));
  }
}

function print(text: string): void {
  process.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`);
}

const WORDS = ['no', 'one', 'two', 'three'];

function checkCount(
  positionals: readonly string[],
  args: Readonly<Record<string, { readonly required?: boolean; readonly multiple?: boolean }>>,
): void {
  const names = Object.entries(args);
  const needed = names.filter(([, { required }]) => required === true).length;
  const most = names.some(([, { multiple }]) => multiple === true) ? Infinity : names.length;
  if (positionals.length >= needed && positionals.length <= most) return;
  const count = (n: number) => `${WORDS[n] ?? n} argument${n === 1 ? '' : 's'}`;
  const atMost = `${needed === 0 ? 'at most' : `${count(needed)} and at most`} ${count(names.length)}`;
  const least = most === Infinity ? `at least ${count(needed)}` : atMost;
  const many = needed === most ? count(needed) : least;
  const shown = names.map(([name, { required, multiple }]) => {
    const whole = multiple === true ? `${name}...` : name;
    return required ? `<${whole}>` : `[${whole}]`;
  });
  throw new UsageError(
    `This command takes ${many}${names.length === 0 ? '' : `: ${shown.join(' ')}`}`,
  );
}
