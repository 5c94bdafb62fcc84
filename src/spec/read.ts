import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Diagnostic, errorAt } from './diagnostic.js';
import { type Answers, answerAll } from './hcl2/document/answers.js';
import type { VarFile } from './hcl2/document/given.js';
import type { Lookups } from './lookups.js';
import { type Context, parseSpec, type ReadSpec } from './parse.js';
import type { Use } from './volume/checks.js';

export type { ReadSpec } from './parse.js';

/** Standard input's name among files, as Nomad has it. */
const STDIN = '-';

/** A specification's lookups may depend on each other, but not for ever. */
const MAX_ROUNDS = 10;

export interface ReadOptions {
  /** What is read where the path is "-"; the process's standard input where not given. */
  readonly input?: AsyncIterable<Uint8Array | string>;
  /** What the volumes are read for. */
  readonly use?: Use;
  /** Values for variables, `name=value` each; the last one counts. */
  readonly vars?: readonly string[];
  /** Files of values for variables, which count less than `vars`; the last one counts. */
  readonly varFiles?: readonly string[];
  /** For values of variables and for env(…); the process's environment where not given. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where values are looked up that the specification names. Without it they stay unknown, and '' in the result. */
  readonly lookups?: Lookups;
}

/** Reads volume specifications from a file, or from standard input where the path is "-". */
export async function readSpec(path: string, options: ReadOptions = {}): Promise<ReadSpec> {
  const { input = process.stdin, environment = process.env } = options;
  const unreadable: Diagnostic[] = [];
  const read = async (file: string, advice: string) =>
    readText(file, input).catch((error: NodeJS.ErrnoException) => {
      unreadable.push(cannotRead(file, error, advice));
      return Buffer.alloc(0);
    });
  const text = await read(path, '`pannier volume init` writes an example.');
  const varFiles: VarFile[] = [];
  for (const file of options.varFiles ?? [])
    varFiles.push({ file, text: String(await read(file, 'It is named by -var-file.')) });
  if (unreadable.length > 0)
    return { inBlocks: false, diagnostics: unreadable, sources: new Map() };
  const file = path === STDIN ? '<stdin>' : path;
  const folder = path === STDIN ? process.cwd() : dirname(path);
  const { vars = [], use = {} } = options;
  const context = { vars, varFiles, environment, folder, use };
  return parseAll(text, file, context, options.lookups);
}

/** Parses again with what was looked up, until nothing more is asked for. */
async function parseAll(
  text: Uint8Array,
  file: string,
  context: Context,
  lookups: Lookups | undefined,
): Promise<ReadSpec> {
  const answers: Answers = new Map();
  for (let round = 0; ; round++) {
    const { wanted, ...read } = parseSpec(text, file, { ...context, answers });
    if (lookups === undefined || wanted.length === 0) return read;
    if (round === MAX_ROUNDS) return { ...withoutSpecs(read), diagnostics: [ENDLESS] };
    await answerAll(wanted, answers, lookups);
  }
}

function withoutSpecs({ specs: _, ...rest }: ReadSpec): Omit<ReadSpec, 'specs'> {
  return rest;
}

const ENDLESS = errorAt(
  undefined,
  'The lookups in this file depend on each other without an end',
  `What one gives may say where to look next, at most ${MAX_ROUNDS} times.`,
);

function cannotRead(file: string, error: NodeJS.ErrnoException, advice: string): Diagnostic {
  const { code, message } = error;
  if (code === undefined) throw error;
  const detail = code === 'ENOENT' ? `There is no such file. ${advice}` : `${message}.`;
  return errorAt(undefined, `Cannot read ${file}`, detail);
}

async function readText(
  path: string,
  input: AsyncIterable<Uint8Array | string>,
): Promise<Uint8Array> {
  if (path !== STDIN) return readFile(path);
  const pieces: Uint8Array[] = [];
  for await (const piece of input)
    pieces.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
  return Buffer.concat(pieces);
}
