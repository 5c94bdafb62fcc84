import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/cli/package.js';

/** Flags that say where to ask, which the reference leaves out. */
const WHERE = /^-(address|endpoint|namespace)=/;

/** The tables of a page of docs/reference whose rows begin with a kind: each with the commands in its last column. */
export function referenceRows(page: string): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(join(packageRoot(), 'docs', 'reference', page), 'utf8');
  const rows = text.matchAll(/^\| `([a-z-]+)` \|.*\|([^|]*)\|$/gm);
  return new Map(
    [...rows].map(([, kind = '', last = '']) => [
      kind,
      [...last.matchAll(/`([^`]+)`/g)].map(([, command = '']) => command),
    ]),
  );
}

/** Whether a command line is what a template says, whose words in capital letters stand for any. */
export function isOf(template: string, command: string): boolean {
  const words = command.match(/'[^']*'|\S+/g)?.filter((word) => !WHERE.test(word)) ?? [];
  const wanted = template.split(' ').map((word) => {
    const [, fixed = '', open] = /^(.*?)([A-Z]+)?$/.exec(word) ?? [];
    return (given: string) => (open === undefined ? given === fixed : given.startsWith(fixed));
  });
  return words.length === wanted.length && wanted.every((fits, at) => fits(words[at] ?? ''));
}
