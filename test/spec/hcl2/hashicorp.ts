import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { goTool } from '../../tools/build.js';

export type Question = { readonly expression: string } | { readonly body: string };

/** What HashiCorp's own HCL 2 makes of a text; `line` is its answer as JSON, with all digits of numbers. */
export interface Answer {
  readonly line: string;
  readonly error: string | undefined;
}

/** Asks HashiCorp's parser and evaluator, a Go program, all at once. */
export async function askHashicorp(questions: readonly Question[]): Promise<Answer[]> {
  const child = spawn(await goTool('hcl2-eval'), { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const lines = out.split('\n').filter((line) => line !== '');
  if (code !== 0 || lines.length !== questions.length)
    throw new Error(`hcl2-eval ended with ${code} after ${lines.length} answers`);
  return lines.map((line) => ({ line, error: JSON.parse(line)?.error }));
}
