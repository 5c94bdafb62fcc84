import { red } from '../../colour.js';
import type { Gathered } from '../gather.js';

/** Each finding with what to do, and the command that does it. */
export function findingsText({ findings, sources }: Gathered): string {
  if (findings.length === 0) {
    const silent = sources.filter(({ problem }) => problem !== null);
    return silent.length === 0 ? 'none found' : 'none found in what is known';
  }
  return findings
    .map(({ kind, severity, problem, remedy, command }) => {
      const mark = severity === 'error' ? red('!', process.stdout) : '!';
      return [
        `${mark} ${kind} (${severity}): ${problem}.`,
        `    ${remedy}`,
        ...(command === null ? [] : [`    $ ${command}`]),
      ].join('\n');
    })
    .join('\n\n');
}
