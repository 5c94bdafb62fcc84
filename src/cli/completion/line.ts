/** A command line that is being typed, as far as the cursor. */
export interface TypedLine {
  /** The words before the one at the cursor, without quotes. */
  readonly words: readonly string[];
  /** The word at the cursor; '' where a new one begins. */
  readonly current: string;
}

/** Parts a command line as a shell does: blanks part words, and quotes and backslashes keep them together. */
export function splitLine(line: string): TypedLine {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? '';
    if (quote !== '' && char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (quote !== "'" && char === '\\') word = (word ?? '') + (line[++at] ?? '');
    else if (quote === '' && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  return { words, current: word ?? '' };
}
