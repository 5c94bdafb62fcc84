import type { Diagnostic } from '../diagnostic.js';
import type { Body } from './ast.js';
import { JsonParser } from './json.js';
import { Parser } from './parser.js';
import { decode } from './source.js';

export interface Parsed {
  /** What could be read; with errors, 'invalid' values stand for the rest. */
  readonly body: Body;
  readonly diagnostics: readonly Diagnostic[];
  readonly text: string;
}

/** Reads HCL 1, or HCL 1's JSON where the first character is a brace. Never throws. */
export function parseHcl(text: string | Uint8Array, file: string): Parsed {
  const { source, diagnostics } = decode(text, file);
  const parser = /^\p{White_Space}*\{/u.test(source.text)
    ? new JsonParser(source)
    : new Parser(source);
  const body = parser.file();
  return { body, diagnostics: [...diagnostics, ...parser.diagnostics], text: source.text };
}
