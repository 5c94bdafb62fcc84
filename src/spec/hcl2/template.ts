import type { Cursor } from './cursor.js';

/** An HCL 2 string or heredoc. */
export interface Template {
  readonly text: string;
  /** True where a part of it must be computed. */
  readonly computed: boolean;
}

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
};
const ESCAPE = /\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;
const MARKER = /<<(-?)([\p{ID_Start}_][\p{ID_Continue}-]*)\r?\n/uy;

/** Reads a quoted string that begins at the cursor; undefined where it does not end. */
export function readTemplate(cursor: Cursor): Template | undefined {
  let text = '';
  let computed = false;
  cursor.at++;
  while (!cursor.done && cursor.here !== '\n') {
    if (cursor.take('"')) return { text, computed };
    const part = readSequence(cursor) ?? readCharacter(cursor);
    text += part.text;
    computed ||= part.computed;
  }
  return undefined;
}

/** A doubled sign stands for itself before a brace; a template is skipped up to its own brace. */
function readSequence(cursor: Cursor): Template | undefined {
  const [doubled] = /^(?:\$\$|%%)\{/.exec(cursor.text.slice(cursor.at, cursor.at + 3)) ?? [];
  if (doubled !== undefined) {
    cursor.at += doubled.length;
    return { text: doubled.slice(1), computed: false };
  }
  if (!cursor.startsWith('${') && !cursor.startsWith('%{')) return undefined;
  const start = cursor.at;
  cursor.at += 2;
  for (let open = 1; open > 0 && !cursor.done; ) {
    if (cursor.here === '"') {
      if (readTemplate(cursor) === undefined) break;
      continue;
    }
    if (cursor.here === '{') open++;
    if (cursor.here === '}') open--;
    cursor.at += cursor.here.length;
  }
  return { text: cursor.text.slice(start, cursor.at), computed: true };
}

function readCharacter(cursor: Cursor): Template {
  ESCAPE.lastIndex = cursor.at;
  const [whole, simple, short, long] = ESCAPE.exec(cursor.text) ?? [];
  if (whole === undefined) {
    const { here } = cursor;
    cursor.at += here.length;
    return { text: here, computed: false };
  }
  cursor.at += whole.length;
  const code = Number.parseInt(short ?? long ?? '', 16);
  const text = SIMPLE[simple ?? ''] ?? (code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code));
  return { text, computed: false };
}

/** Reads a heredoc that begins at the cursor, and leaves the cursor at the end of its last line. */
export function readHeredoc(cursor: Cursor): Template | undefined {
  MARKER.lastIndex = cursor.at;
  const [opening, dash, marker] = MARKER.exec(cursor.text) ?? [];
  if (opening === undefined || marker === undefined) return undefined;
  cursor.at += opening.length;
  const lines: string[] = [];
  while (!cursor.done) {
    const newline = cursor.text.indexOf('\n', cursor.at);
    const end = newline < 0 ? cursor.text.length : newline;
    const line = cursor.text.slice(cursor.at, end).replace(/\r$/, '');
    cursor.at = end;
    if (line.trim() === marker) return plain(dash === '-' ? unindent(lines) : lines);
    lines.push(line);
    cursor.at++;
  }
  return undefined;
}

/** Takes the indent that all lines share. */
function unindent(lines: readonly string[]): readonly string[] {
  const indents = lines
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length);
  const shared = indents.length === 0 ? 0 : Math.min(...indents);
  return lines.map((line) => line.slice(shared));
}

function plain(lines: readonly string[]): Template {
  const whole = lines.map((line) => `${line}\n`).join('');
  const computed = /(?<![$%])(?:\$\{|%\{)/.test(whole);
  return { text: whole.replace(/\$\$\{/g, '${').replace(/%%\{/g, '%{'), computed };
}
