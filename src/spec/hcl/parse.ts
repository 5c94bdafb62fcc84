import type { Diagnostic } from '../diagnostic.js';
import type { Body } from './ast.js';
import { JsonParser } from './json.js';
import { Parser } from './parser.js';
import { decode, type Source } from './source.js';

export interface Parsed {
  /** What could be read; with errors, 'invalid' values stand for the rest. */
  readonly body: Body;
  readonly diagnostics: readonly Diagnostic[];
  /** True where reading was given up, since no honest file is nested like that. */
  readonly hopeless: boolean;
}

/** Reads HCL 1, or HCL 1's JSON where the first character is a brace. Never throws. */
export function parseHcl(
  given: string | Uint8Array,
  file: string,
): Parsed & { readonly text: string } {
  const { source, diagnostics } = decode(given, file);
  const parsed = parseSource(source);
  return {
    ...parsed,
    diagnostics: [...diagnostics, ...parsed.diagnostics],
    text: source.text,
  };
}

/** The same for a text whose characters were checked. */
export function parseSource(source: Source): Parsed {
  if (isJson(source)) {
    const parser = new JsonParser(source);
    const body = parser.file();
    return { body, diagnostics: parser.diagnostics, hopeless: false };
  }
  const parser = new Parser(source);
  const body = parser.file();
  return { body, diagnostics: parser.diagnostics, hopeless: parser.tooDeep };
}

export function isJson(source: Source): boolean {
  return /^[\p{White_Space}\ufeff]*\{/u.test(source.text);
}
