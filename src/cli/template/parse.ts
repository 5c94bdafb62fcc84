import { UsageError } from '../errors.js';
import { FUNCTIONS } from './functions.js';

/** A piece of a template. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'range' | 'with';
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    };

/** Calls in a row, each with the one before it as its last argument. */
export type Pipe = ReadonlyArray<readonly Term[]>;

export type Term =
  | { readonly kind: 'path'; readonly from: '.' | '$'; readonly names: readonly string[] }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'call'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe };

const TOKEN =
  /\s*(?:("(?:[^"\\\n]|\\.)*")|(`[^`]*`)|(-?\d+(?:\.\d+)?)|(\$?(?:\.[A-Za-z_]\w*)+|\$|\.)(?![\w$])|([A-Za-z_]\w*)|([|()]))/y;

/** An action's text; strings in it may hold braces. */
const ACTION = /\{\{(- )?((?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|(?! -\}\}|\}\})[\s\S])*)( -)?\}\}/g;

/** Reads a template. Throws UsageError. */
export function parseTemplate(source: string): readonly Node[] {
  const pieces = split(source);
  const { nodes, end } = block(pieces);
  if (end !== undefined) throw mistake(`unexpected {{${end}}}`);
  return nodes;
}

function mistake(problem: string): UsageError {
  return new UsageError(`Error parsing template: ${problem}`);
}

type Piece = { readonly text: string } | { readonly action: string };

function split(source: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let trim = false;
  const text = (until: number, trimEnd: boolean) => {
    let part = source.slice(from, until);
    if (part.includes('{{')) throw mistake('{{ without }}');
    if (trim) part = part.trimStart();
    if (trimEnd) part = part.trimEnd();
    if (part !== '') pieces.push({ text: part });
  };
  for (const match of source.matchAll(ACTION)) {
    text(match.index, match[1] !== undefined);
    from = match.index + match[0].length;
    trim = match[3] !== undefined;
    const action = (match[2] ?? '').trim();
    if (!/^\/\*[\s\S]*\*\/$/.test(action)) pieces.push({ action });
  }
  text(source.length, false);
  return pieces;
}

/** Reads up to the action that ends the block, which it takes off too. */
function block(pieces: Piece[]): { nodes: Node[]; end: 'end' | 'else' | undefined } {
  const nodes: Node[] = [];
  for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
    if ('text' in piece) {
      nodes.push({ kind: 'text', text: piece.text });
      continue;
    }
    const { action } = piece;
    if (action === 'end' || action === 'else') return { nodes, end: action };
    const [, word, rest] = /^(if|range|with)\b\s*([\s\S]*)$/.exec(action) ?? [];
    if (word === undefined) nodes.push({ kind: 'print', pipe: pipeline(action) });
    else nodes.push(control(word as 'if' | 'range' | 'with', rest ?? '', pieces));
  }
  return { nodes, end: undefined };
}

function control(kind: 'if' | 'range' | 'with', condition: string, pieces: Piece[]): Node {
  const pipe = pipeline(condition);
  const first = block(pieces);
  const second = first.end === 'else' ? block(pieces) : { nodes: [], end: first.end };
  if (second.end !== 'end') throw mistake(`{{${kind} ${condition}}} without {{end}}`);
  return { kind, pipe, body: first.nodes, otherwise: second.nodes };
}

function pipeline(text: string): Pipe {
  const tokens = tokenize(text);
  const pipe = calls(tokens, text);
  if (tokens.length > 0) throw mistake(`unexpected ")" in {{${text}}}`);
  return pipe;
}

type Token = Term | '|' | '(' | ')';

function calls(tokens: Token[], text: string): Pipe {
  const pipe: Term[][] = [[]];
  for (let token = tokens[0]; token !== undefined && token !== ')'; token = tokens[0]) {
    tokens.shift();
    if (token === '|') pipe.push([]);
    else if (token === '(') {
      const inner = calls(tokens, text);
      if (tokens.shift() !== ')') throw mistake(`"(" without ")" in {{${text}}}`);
      pipe.at(-1)?.push({ kind: 'pipe', pipe: inner });
    } else pipe.at(-1)?.push(token);
  }
  if (pipe.some((call) => call.length === 0)) throw mistake(`a value is missing in {{${text}}}`);
  for (const [first, ...rest] of pipe) {
    const unasked =
      rest.find((term) => term.kind === 'call') ?? (first?.kind === 'call' ? undefined : rest[0]);
    if (unasked !== undefined)
      throw mistake(`{{${text}}} gives arguments to what is not a function`);
  }
  return pipe;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== '') {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null)
      throw mistake(`"${text.slice(at).trim()}" in {{${text}}} is not understood`);
    tokens.push(token(match, text));
  }
  return tokens;
}

function token(match: RegExpExecArray, text: string): Token {
  const [, quoted, raw, number, path, word, mark] = match;
  if (quoted !== undefined) return { kind: 'literal', value: unquote(quoted, text) };
  if (raw !== undefined) return { kind: 'literal', value: raw.slice(1, -1) };
  if (number !== undefined) return { kind: 'literal', value: Number(number) };
  if (path !== undefined) {
    const from = path.startsWith('$') ? '$' : '.';
    return {
      kind: 'path',
      from,
      names: path
        .replace('$', '')
        .split('.')
        .filter((name) => name !== ''),
    };
  }
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' };
  if (word !== undefined) {
    if (!Object.hasOwn(FUNCTIONS, word))
      throw mistake(
        `function "${word}" is not known; there are ${Object.keys(FUNCTIONS).join(', ')}`,
      );
    return { kind: 'call', name: word };
  }
  return mark as '|' | '(' | ')';
}

function unquote(quoted: string, text: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw mistake(`${quoted} in {{${text}}} is not a string`);
  }
}
