import { type Diagnostic, errorAt, hasErrors, type Sources, sortByPlace } from './diagnostic.js';
import { isJson, parseSource } from './hcl/parse.js';
import { decode, type Source } from './hcl/source.js';
import { isHcl2, looksLikeHcl2 } from './hcl2/check.js';
import { type Answers, keyOf } from './hcl2/document/answers.js';
import { tellUndeclared } from './hcl2/document/assign.js';
import { type Inputs, readGiven } from './hcl2/document/given.js';
import { isOwn, OWN_BLOCKS, readDocument } from './hcl2/document/read.js';
import type { Reference } from './hcl2/host.js';
import { type Parsed, parseBody } from './hcl2/syntax/body.js';
import type * as hcl2 from './hcl2/syntax/tree.js';
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

/** What surrounds a file: values for its variables, the environment, what has been looked up. */
export interface Context extends Inputs {
  /** What the volumes are read for. */
  readonly use: Use;
  /** Where the paths in the file begin. */
  readonly folder: string;
  readonly answers?: Answers;
}

const NOTHING: Context = { vars: [], varFiles: [], environment: {}, folder: '.', use: {} };

/**
 * Reads volume specifications in HCL 1 or JSON as Nomad does, or in HCL 2. Never throws. `wanted` is what
 * the file names and `context` has no answer for.
 */
export function parseSpec(
  given: string | Uint8Array,
  file: string,
  more: Partial<Context> = {},
): ReadSpec & { readonly wanted: readonly Reference[] } {
  const context = { ...NOTHING, ...more };
  const { source, diagnostics: textual } = decode(given, file);
  const first = parseSource(source);
  const second = hasErrors(textual) || isJson(source) ? undefined : asHcl2(source, first);
  return second === undefined
    ? parseFlat(source, first, textual, context)
    : parseHcl2(source, second, textual, context);
}

/**
 * HCL 1 first, since Nomad reads that. A file is HCL 2 where it has blocks that only HCL 2 has, or where it
 * is none of HCL 1's and either is HCL 2 or looks like it. `first` is what HCL 1 makes of it.
 */
export function asHcl2(
  source: Source,
  first: ReturnType<typeof parseSource>,
): Parsed<hcl2.Body> | undefined {
  if (first.hopeless) return undefined;
  const own = first.body.items.some(
    (item) => item.kind === 'block' && OWN_BLOCKS.includes(item.type),
  );
  if (!own && !hasErrors(first.diagnostics)) return undefined;
  const second = parseBody(source);
  const meant = own || isOwn(second.tree) || looksLikeHcl2(source.text);
  return meant || !hasErrors(second.diagnostics) ? second : undefined;
}

function parseHcl2(
  source: Source,
  parsed: Parsed<hcl2.Body>,
  textual: readonly Diagnostic[],
  context: Context,
): ReadSpec & { readonly wanted: readonly Reference[] } {
  const { environment, folder, answers, use } = context;
  const answer = (reference: Reference) => answers?.get(keyOf(reference));
  const host = { environment, folder, answer };
  const { specs, diagnostics, ...read } = readDocument(source, parsed, context, host, use);
  const told = [...textual, ...diagnostics];
  const refused = hasErrors(told) || isHcl2(source.text) ? [] : [REFUSED];
  const all = sortByPlace([...refused, ...told]);
  return { ...read, ...(hasErrors(all) ? {} : { specs }), diagnostics: all };
}

const REFUSED = errorAt(
  undefined,
  "HashiCorp's HCL 2 reader does not take this file",
  'It tells no place. Please report the file, since ours finds no mistake in it.',
);

function parseFlat(
  source: Source,
  { body, diagnostics: syntactic }: ReturnType<typeof parseSource>,
  textual: readonly Diagnostic[],
  context: Context,
): ReadSpec & { readonly wanted: readonly Reference[] } {
  const diagnostics = [...textual, ...syntactic];
  const { spec, diagnostics: told } = readVolume(body, !hasErrors(diagnostics), context.use);
  diagnostics.push(...told);
  const report = (diagnostic: Diagnostic) => diagnostics.push(diagnostic);
  tellTemplates(entriesOf(body), report);
  tellUndeclared(new Map(), readGiven({ ...context, varFiles: [] }, [], report), report);
  return {
    ...(spec && !hasErrors(diagnostics) && { specs: [spec] }),
    inBlocks: false,
    ...withoutSecrets(sortByPlace(diagnostics), source.text, source.file),
    wanted: [],
  };
}
