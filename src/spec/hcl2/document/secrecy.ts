import type { Diagnostic, Range } from '../../diagnostic.js';
import type { Body, Expression } from '../syntax/tree.js';
import type { Value } from '../value/model.js';
import { isSensitive, partsOf } from '../value/value.js';

/** Shorter words say nothing of a secret. */
const MIN_WORD = 3;

/** What must not be shown of what was evaluated, and where it came from. */
export class Secrets {
  readonly #places: { readonly range: Range; readonly texts: readonly string[] }[] = [];
  readonly #texts = new Set<string>();

  /** Notes a value for what in it is sensitive; all of it where it stands in a place for secrets. */
  note(value: Value, range: Range, all: boolean): void {
    const texts = textsIn(value, all || value.sensitive);
    if (texts.length > 0) this.#places.push({ range, texts });
    for (const text of textsIn(value, value.sensitive)) this.#texts.add(text);
  }

  /** The texts that must not be shown wherever they turn up. */
  get texts(): readonly string[] {
    return [...this.#texts];
  }

  /** A diagnostic of something sensitive, without what its message may quote of that. */
  hideIn(diagnostic: Diagnostic): Diagnostic {
    const { range } = diagnostic;
    if (range === undefined) return diagnostic;
    const words = this.#places
      .filter((place) => overlap(place.range, range))
      .flatMap(({ texts }) => texts.flatMap((text) => text.match(/[^\s"]+/g) ?? []))
      .filter((word) => word.length >= MIN_WORD);
    const said = `${diagnostic.summary} ${diagnostic.detail}`;
    if (!words.some((word) => said.includes(word))) return diagnostic;
    const { severity } = diagnostic;
    return {
      severity,
      range,
      summary: 'This value does not fit here',
      detail: 'It is sensitive, and nothing more is told of it.',
    };
  }
}

function overlap(a: Range, b: Range): boolean {
  return a.file === b.file && a.start.offset < b.end.offset && b.start.offset < a.end.offset;
}

function textsIn(value: Value, all: boolean): string[] {
  if (!all && !isSensitive(value)) return [];
  const hidden = all || value.sensitive;
  const parts = partsOf(value);
  if (parts.length > 0) return parts.flatMap((part) => textsIn(part, hidden));
  const { content } = value;
  return hidden && (typeof content === 'string' || typeof content === 'object')
    ? [String(content)].filter((text) => text !== '' && content !== null)
    : [];
}

/** A name of something that is not to be seen. */
export const SECRET_NAME = /(?:key|secrets?|password|passphrase|token)$/i;
/** Functions whose arguments say where a secret is, and are none. */
/** What a reference begins with; another bare word is text that lacks its quotes. */
const ROOTS = ['var', 'local', 'count', 'each'];
const REFERENCES = ['env', 'file', 'filebase64', 'vault', 'nomad_variable', 'consul_key'];

/**
 * A file's text with everything blotted out that may be a secret and stands in it literally, character by
 * character: what is in `secrets`, the default of a sensitive variable, what stands behind a name such as
 * "userKey".
 */
export function hideLiterals(text: string, body: Body): string {
  return blot(text, literalsIn(body, false));
}

/** The text with stars for the characters in some places of it. */
export function blot(text: string, ranges: readonly Range[]): string {
  const characters = text.split('');
  for (const { start, end } of ranges)
    for (let at = start.offset; at < end.offset; at++)
      if (!/[\s"]/.test(characters[at] ?? '')) characters[at] = '*';
  return characters.join('');
}

function literalsIn(body: Body, secret: boolean): Range[] {
  const sensitive = body.items.some(
    (item) => item.kind === 'attribute' && item.name.value === 'sensitive',
  );
  return body.items.flatMap((item) => {
    if (item.kind === 'block')
      return literalsIn(item.body, secret || SECRET_NAME.test(item.type.value));
    const { name, value } = item;
    const own = SECRET_NAME.test(name.value) || (sensitive && name.value === 'default');
    return literals(value, secret || own);
  });
}

function literals(expression: Expression, secret: boolean): Range[] {
  switch (expression.kind) {
    case 'literal':
      return secret ? [expression.range] : [];
    case 'variable':
      return secret && !ROOTS.includes(expression.name) ? [expression.range] : [];
    case 'object':
      return expression.entries.flatMap(({ key, value }) =>
        literals(value, secret || SECRET_NAME.test(wordOf(key))),
      );
    case 'call': {
      const { name, arguments: args } = expression;
      const own = name.value === 'sensitive' || (secret && !REFERENCES.includes(name.value));
      return args.flatMap((argument) => literals(argument, own));
    }
    case 'index':
      return literals(expression.source, secret);
    default:
      return childrenOf(expression).flatMap((child) => literals(child, secret));
  }
}

function wordOf(key: Expression): string {
  return key.kind === 'variable'
    ? key.name
    : key.kind === 'literal'
      ? String(key.value.content)
      : '';
}

function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'template':
      return expression.parts;
    case 'group':
      return [expression.inner];
    case 'attribute':
      return [expression.source];
    case 'splat':
      return [expression.source, expression.each];
    case 'condition':
      return [expression.yes, expression.no];
    case 'unary':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'tuple':
      return expression.items;
    case 'join':
      return [expression.results];
    case 'for':
      return [expression.collection, expression.result];
    default:
      return [];
  }
}
