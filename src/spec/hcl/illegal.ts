import type { Token } from './token.js';

const OPERATORS = /(?:[+*/%<>!?&|()]|-)+/y;

/** A token for what HCL 1 has no token for, with what was probably meant. */
export function describeIllegal(text: string, start: number): Token {
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0);
  const one = start + character.length;
  const token = (end: number, summary: string, detail: string): Token => ({
    type: 'illegal',
    start,
    end,
    problem: { summary, detail, start, end },
  });
  if (character === ':')
    return token(
      one,
      'HCL 1 has no ":"',
      'Write key = value; only JSON, where the whole file is one object in braces, has key: value.',
    );
  if (character === "'" || '‘’“”„«»'.includes(character)) {
    const line = /[^\r\n]*/y;
    line.lastIndex = one;
    const rest = line.exec(text)?.[0] ?? '';
    const close = rest.search(/['’”“»]/);
    return token(
      close < 0 ? one : one + close + 1,
      'Strings stand in double quotes',
      `HCL knows "…" only; ${character} is not a quotation mark in it.`,
    );
  }
  OPERATORS.lastIndex = start;
  if (OPERATORS.test(text))
    return token(
      OPERATORS.lastIndex,
      `"${text.slice(start, OPERATORS.lastIndex)}" cannot stand here`,
      'Values are written out: expressions are not evaluated in this version.',
    );
  return token(
    one,
    `"${character}" cannot stand here`,
    'Neither a name, a value nor punctuation of HCL begins with this character.',
  );
}

/** What to say of a name where a value is expected. */
export function bareWord(word: string): [summary: string, detail: string] {
  if (/^(true|false)$/i.test(word))
    return [`"${word}" is not a boolean`, `Write ${word.toLowerCase()}, in lower case.`];
  if (word === 'null') return ['There is no null', 'Leave the key out instead.'];
  return [`${word} needs quotes`, `Text stands in double quotes: "${word}".`];
}
