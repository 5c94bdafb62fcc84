import { readFile } from 'node:fs/promises';
import { type Diagnostic, errorAt, hasErrors, type Sources, sortByPlace } from './diagnostic.js';
import type { Body } from './hcl/ast.js';
import { isJson, parseSource } from './hcl/parse.js';
import { decode, type Source } from './hcl/source.js';
import { isHcl2 } from './hcl2/check.js';
import { parseHcl2 } from './hcl2/parser.js';
import { withoutSecrets } from './hidden.js';
import type { Use } from './volume/checks.js';
import { entriesOf } from './volume/root.js';
import { tellTemplates } from './volume/templates.js';
import { readVolume, type VolumeSpec } from './volume.js';

export interface ReadSpec {
  /** In the order of the file; only where there is no error. */
  readonly specs?: readonly VolumeSpec[];
  /** True where the volumes stand in blocks, of which there may be any number; false where the file is one. */
  readonly inBlocks: boolean;
  /** Errors and warnings, by place. They hold no values of secrets. */
  readonly diagnostics: readonly Diagnostic[];
  /** The text that reports quote lines from, its secrets blotted out. */
  readonly sources: Sources;
}

/** Standard input's name among files, as Nomad has it. */
const STDIN = '-';

export interface ReadOptions {
  /** What is read where the path is "-"; the process's standard input where not given. */
  readonly input?: AsyncIterable<Uint8Array | string>;
  /** What the volumes are read for. */
  readonly use?: Use;
}

/** Reads volume specifications from a file, or from standard input where the path is "-". */
export async function readSpec(path: string, options: ReadOptions = {}): Promise<ReadSpec> {
  const { input = process.stdin, use } = options;
  try {
    return path === STDIN
      ? parseSpec(await readAll(input), '<stdin>', use)
      : parseSpec(await readFile(path), path, use);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const detail =
      code === 'ENOENT'
        ? 'There is no such file. `pannier volume init` writes an example.'
        : `${message}.`;
    return {
      inBlocks: false,
      diagnostics: [errorAt(undefined, `Cannot read ${path}`, detail)],
      sources: new Map(),
    };
  }
}

async function readAll(input: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of input)
    pieces.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
  return Buffer.concat(pieces);
}

/** Reads volume specifications in HCL 1 or JSON as Nomad does, or in HCL 2. Never throws. */
export function parseSpec(given: string | Uint8Array, file: string, use?: Use): ReadSpec {
  const { source, diagnostics: textual } = decode(given, file);
  const parsed = hasErrors(textual) ? parseSource(source) : parseEither(source);
  const syntactic = [...textual, ...parsed.diagnostics];
  const { spec, diagnostics } = readVolume(parsed.body, !hasErrors(syntactic), use);
  const told = sortByPlace([...syntactic, ...diagnostics]);
  return {
    ...(spec && { specs: [spec] }),
    inBlocks: false,
    ...withoutSecrets(told, source.text, file),
  };
}

/** HCL 1 first, since Nomad reads that; its mistakes are told where the text is not HCL 2 either. */
function parseEither(source: Source): { body: Body; diagnostics: readonly Diagnostic[] } {
  const first = parseSource(source);
  const maybe = hasErrors(first.diagnostics) && !first.hopeless && !isJson(source);
  if (maybe && isHcl2(source.text)) return parseHcl2(source) ?? first;
  const diagnostics = [...first.diagnostics];
  tellTemplates(entriesOf(first.body), (diagnostic) => diagnostics.push(diagnostic));
  return { body: first.body, diagnostics };
}
