/** A place in a text, moved by whole characters. */
export class Cursor {
  at = 0;

  constructor(readonly text: string) {}

  /** The character here, or '' at the end. */
  get here(): string {
    const code = this.text.codePointAt(this.at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  startsWith(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  /** Moves over what a sticky pattern matches here, and answers it, or undefined. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** Takes a character if it is here. */
  take(character: string): boolean {
    if (this.here !== character) return false;
    this.at += character.length;
    return true;
  }
}
