import type { Diagnostic, Sources } from './diagnostic.js';
import { tokenize } from './hcl/lexer.js';
import type { Token } from './hcl/token.js';

/** A line with a key whose value is a secret by its name, or a secrets block without a brace. */
const SECRET_LINE =
  /^(.*?(?:(?:key|secret|password|passphrase|token)"?[ \t]*[=:]|\bsecrets"?(?=[^\n{]*$)))(.+)$/gim;

/**
 * A text with everything blotted out that may be a secret, character by character, so that places in it stay:
 * all values in `secrets` blocks, and what stands behind a key such as "userKey". It works on tokens and lines,
 * since a report may be about a text that no parser can read, and takes too much rather than too little.
 */
export function hideSecrets(text: string): string {
  return hideBlocks(text).replace(
    SECRET_LINE,
    (_, key: string, value: string) => key + value.replace(/[^\s"{}[\],]/gu, stars),
  );
}

/** What may be told of a text: diagnostics that quote no secret, and its blotted form for the lines to show. */
export function withoutSecrets(
  diagnostics: readonly Diagnostic[],
  text: string,
  file: string,
): { readonly diagnostics: readonly Diagnostic[]; readonly sources: Sources } {
  const shown = hideSecrets(text);
  return {
    diagnostics: diagnostics.map((diagnostic) => withoutHidden(diagnostic, text, shown)),
    sources: new Map([[file, shown]]),
  };
}

/** A message may quote what it is about; not where that is blotted out of the text. */
export function withoutHidden(diagnostic: Diagnostic, text: string, shown: string): Diagnostic {
  const { range } = diagnostic;
  if (range === undefined) return diagnostic;
  const secrets = hiddenParts(text, shown, range.start.offset, range.end.offset);
  if (secrets.length === 0) return diagnostic;
  const hide = (words: string) =>
    secrets.reduce((rest, secret) => rest.replaceAll(secret, '*'.repeat(secret.length)), words);
  const { guess: _, ...rest } = diagnostic;
  return { ...rest, summary: hide(diagnostic.summary), detail: hide(diagnostic.detail) };
}

/** The words of a part of a text that its blotted form does not show; short ones say nothing. */
function hiddenParts(text: string, shown: string, start: number, end: number): string[] {
  const words = text.slice(start, end).matchAll(/[^\s"]{3,}/g);
  return [...words].flatMap(({ 0: word, index }) =>
    shown.slice(start + index, start + index + word.length) === word ? [] : [word],
  );
}

function hideBlocks(text: string): string {
  const tokens = tokenize(text);
  const pieces: string[] = [];
  let copied = 0;
  for (let at = 0; at < tokens.length; at++) {
    const inside = opensSecrets(tokens, at, text);
    if (inside === undefined) continue;
    const end = endOf(tokens, inside);
    for (const token of valuesIn(tokens.slice(inside, end), text)) {
      pieces.push(text.slice(copied, token.start), blot(text.slice(token.start, token.end)));
      copied = token.end;
    }
    at = end - 1;
  }
  return pieces.join('') + text.slice(copied);
}

/** Where what a secrets block holds begins, if one begins at `at`. */
function opensSecrets(tokens: readonly Token[], at: number, text: string): number | undefined {
  const token = tokens[at];
  if (token === undefined || !/^"?secrets"?$/i.test(textOf(token, text))) return undefined;
  let next = at + 1;
  while (tokens[next]?.type !== '{') {
    const between = tokens[next];
    if (between === undefined || !['=', '[', 'illegal', 'string'].includes(between.type))
      return undefined;
    next++;
  }
  return next + 1;
}

function endOf(tokens: readonly Token[], start: number): number {
  let depth = 1;
  let at = start;
  for (; at < tokens.length && depth > 0; at++) {
    if (tokens[at]?.type === '{') depth++;
    if (tokens[at]?.type === '}') depth--;
  }
  return at;
}

/** All but punctuation and the keys, which begin a line or follow a brace or comma, before "=" or ":". */
function valuesIn(tokens: readonly Token[], text: string): Token[] {
  return tokens.filter((token, index) => {
    if (['{', '}', '[', ']', '=', ',', 'end'].includes(token.type)) return false;
    const written = textOf(token, text);
    const next = tokens[index + 1];
    const before = tokens[index - 1];
    const begins =
      before === undefined ||
      ['{', '}', ','].includes(before.type) ||
      text.slice(before.end - 1, token.start).includes('\n');
    const assigned = next?.type === '=' || (next !== undefined && textOf(next, text) === ':');
    return written !== ':' && !(begins && assigned);
  });
}

function textOf(token: Token, text: string): string {
  return text.slice(token.start, token.end);
}

function blot(text: string): string {
  return text.replace(/[^\s"]/gu, stars);
}

/** As many as the character has UTF-16 units. */
function stars(character: string): string {
  return '*'.repeat(character.length);
}
