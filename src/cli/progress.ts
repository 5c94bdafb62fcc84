const FIRST_AFTER_MS = 1000;
const EVERY_MS = 200;
const CLEAR_LINE = '\r\u001b[K';

interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Says on a terminal what is being waited for and how long already, once it takes more than a second, and
 * takes the line away afterwards. Elsewhere it is silent. Answers what the work answers.
 */
export async function withProgress<T>(
  terminal: Terminal,
  label: string,
  work: Promise<T>,
): Promise<T> {
  if (terminal.isTTY !== true) return work;
  const start = Date.now();
  let shown = false;
  const timer = setInterval(() => {
    const elapsed = Date.now() - start;
    if (elapsed < FIRST_AFTER_MS) return;
    terminal.write(`${CLEAR_LINE}    ${label} … ${Math.floor(elapsed / 1000)}s`);
    shown = true;
  }, EVERY_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (shown) terminal.write(CLEAR_LINE);
  }
}
