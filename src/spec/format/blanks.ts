import { bracketsOf, type FormatToken } from './token.js';

/** What stands before a minus that is a sign of a number and not a difference. */
const BEFORE_SIGN: readonly string[] = [
  ...['(', '{', '[', '=', ':', ',', '?', '+', '*', '/', '%', '-'],
  ...['==', '!=', '>', '>=', '<', '<=', '&&', '||', '!'],
];

/** True where one blank stands between two pieces of a line; `before` is what stands before them. */
export function hasBlank(
  before: FormatToken | undefined,
  token: FormatToken,
  next: FormatToken,
): boolean {
  const left = signOf(token);
  const right = signOf(next);
  if (token.kind === 'name' && (right === '(' || right === '::')) return false;
  if (left === '::' || left === '.' || right === '.') return false;
  if (right === ',' || right === '...') return false;
  if (left === ',') return true;
  if (token.kind === 'literal' || token.kind === 'quote') return false;
  if (next.kind === 'literal' || next.kind === 'unquote') return false;
  // The list behind the `in` of a `for` is no index.
  if (right === '[' && token.kind === 'name') return token.text === 'in' && before?.kind === 'name';
  if (right === '[' && (token.kind === 'number' || bracketsOf(token) < 0)) return false;
  if (left === '!') return false;
  if (left === '-') return before !== undefined && !BEFORE_SIGN.includes(signOf(before));
  if (left === '{' || right === '}') return !(left === '{' && right === '}');
  if (token.kind === 'template') return right === '{';
  if (next.kind === 'template-end') return left === '}';
  if (token.kind === 'template-end' && next.kind === 'template') return false;
  return bracketsOf(token) <= 0 && bracketsOf(next) >= 0;
}

function signOf({ kind, text }: FormatToken): string {
  return kind === 'sign' ? text : '';
}
