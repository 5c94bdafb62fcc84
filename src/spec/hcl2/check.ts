import { createRequire } from 'node:module';
import { tokenize } from './syntax/lexer.js';

interface Hcl2Parser {
  parseToObject(text: string): readonly unknown[];
}

/**
 * True where HashiCorp's own HCL 2 reader takes a text: ours reads what it takes and tells what is wrong, theirs
 * has the last word. hcl2-parser tells no more than that (no message, no place, and numbers without their last
 * digits) and takes a fifth of a second to load: it is loaded when it is needed.
 */
export function isHcl2(text: string): boolean {
  const parser = createRequire(import.meta.url)('hcl2-parser') as Hcl2Parser;
  try {
    const [result] = parser.parseToObject(text);
    return typeof result === 'object' && result !== null;
  } catch {
    return false;
  }
}

const ROOTS = ['var', 'local', 'count', 'each'];

/** True for a text with function calls or references, which HCL 1 does not have, readable or not. */
export function looksLikeHcl2(text: string): boolean {
  const tokens = tokenize(text);
  return tokens.some((token, at) => {
    const next = tokens[at + 1];
    if (token.type !== 'word' || next?.start !== token.end) return false;
    return (
      next.type === '(' || (next.type === '.' && ROOTS.includes(text.slice(token.start, token.end)))
    );
  });
}
