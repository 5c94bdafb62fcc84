/** True where a stream takes colour: a terminal, unless NO_COLOR (no-color.org) or TERM says otherwise. */
export function colourful(stream: { readonly isTTY?: boolean }): boolean {
  const { NO_COLOR, TERM } = process.env;
  return stream.isTTY === true && (NO_COLOR ?? '') === '' && TERM !== 'dumb';
}

export function bold(text: string, stream: { readonly isTTY?: boolean }): string {
  return colourful(stream) ? `\u001b[1m${text}\u001b[0m` : text;
}

export function red(text: string, stream: { readonly isTTY?: boolean }): string {
  return colourful(stream) ? `\u001b[31m${text}\u001b[0m` : text;
}
