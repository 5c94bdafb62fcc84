import { Parser } from 'tap-parser';

/** What a test program came to. */
export interface Outcome {
  passed: number;
  failed: number;
  /** The full names of what failed. */
  readonly failures: string[];
}

/**
 * Counts the assertions in a TAP stream, whatever their depth. A subtest counts by itself only where it
 * failed though nothing in it did: by its plan, its time limit or an exception. A skipped test is a failure,
 * since nothing was seen to work.
 */
export async function readTap(stream: NodeJS.ReadableStream): Promise<Outcome> {
  const outcome: Outcome = { passed: 0, failed: 0, failures: [] };
  const parser = new Parser();
  follow(parser, [], outcome);
  await new Promise<void>((resolve, reject) => {
    parser.once('complete', ({ ok }) => {
      if (!ok && outcome.failed === 0) {
        outcome.failed = 1;
        outcome.failures.push('not all that was planned was tested');
      }
      resolve();
    });
    stream.once('error', reject);
    stream.pipe(parser);
  });
  return outcome;
}

function follow(parser: Parser, path: readonly string[], outcome: Outcome): void {
  let failedBefore = 0;
  let child: Parser | undefined;
  parser.on('child', (next: Parser) => {
    child = next;
    failedBefore = outcome.failed;
    follow(next, [...path, next.name], outcome);
  });
  parser.on('assert', ({ ok, skip, todo, name }) => {
    const closes = child !== undefined;
    child = undefined;
    const bad = !ok || skip !== false || todo !== false;
    if (closes && (!bad || outcome.failed > failedBefore)) return;
    if (!bad) {
      outcome.passed += 1;
      return;
    }
    outcome.failed += 1;
    outcome.failures.push([...path, name].join(' > '));
  });
}
