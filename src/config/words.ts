/** The words of a list that is one text with commas between. */
export function wordsOf(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter(Boolean);
}
