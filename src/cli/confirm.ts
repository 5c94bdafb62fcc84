import { createInterface } from 'node:readline/promises';
import { UsageError } from './errors.js';
import { toggle } from './flags.js';

/** For commands that cannot be taken back. */
export const confirmFlags = { 'auto-approve': toggle({ description: 'Do not ask.' }) };

/** Asks a person; only yes is yes. Throws UsageError where nobody can be asked. */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UsageError('Nobody can be asked here: confirm with -auto-approve');
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
