import type { Commands } from '../commands.js';
import { candidates } from './candidates.js';
import { splitLine } from './line.js';
import { askLive } from './live.js';

/** How long a shell is kept waiting, unless this variable says so. */
const LIMIT_SECONDS = 1;
const LIMIT_VARIABLE = 'PANNIER_COMPLETION_SECONDS';

/** A completion that a shell asks for, as bash's `complete -C` does. */
export interface Completion {
  /** COMP_LINE: what is typed. */
  readonly line: string;
  /** COMP_POINT: where the cursor is, in bytes of it; undefined: at the end. */
  readonly point: string | undefined;
  /** What the shell takes for the word at the cursor: bash parts words at `=`, `:` and `@` too. */
  readonly word: string | undefined;
}

/** Prints what could stand at the cursor, one a line. It is silent where it fails, and ends the process. */
export async function complete(config: Commands, completion: Completion): Promise<never> {
  const limitMs = 1000 * (Number(process.env[LIMIT_VARIABLE]) || LIMIT_SECONDS);
  const late = new Promise<readonly string[]>((resolve) => setTimeout(resolve, limitMs, []));
  const found = await Promise.race([find(config, completion).catch(() => []), late]);
  const text = found.map((word) => `${word}\n`).join('');
  // Whoever does not answer in time is not waited for.
  await new Promise((resolve) => process.stdout.write(text, resolve));
  process.exit(0);
}

async function find(config: Commands, { line, point, word }: Completion): Promise<string[]> {
  const bytes = Buffer.from(line);
  const before = bytes.subarray(0, point === undefined ? bytes.length : Number(point)).toString();
  const typed = splitLine(before);
  const kept =
    word !== undefined && typed.current.endsWith(word) ? typed.current.length - word.length : 0;
  return (await candidates(config, typed, askLive)).map((found) => found.slice(kept));
}
