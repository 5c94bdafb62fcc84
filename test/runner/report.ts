import { readFileSync } from 'node:fs';
import type { Execution } from './execute.js';

const SHOWN_LINES = 60;

/** Prints what happens while it happens, and adds it up. */
export class Report {
  passed = 0;
  failed = 0;
  readonly #failures: { readonly name: string; readonly execution: Execution }[] = [];

  lane(title: string): void {
    print(`==> ${title}`);
  }

  note(text: string): void {
    print(`    ${text}`);
  }

  add(name: string, execution: Execution): void {
    this.passed += execution.passed;
    this.failed += execution.failed;
    if (execution.failed > 0) this.#failures.push({ name, execution });
    const mark = execution.failed === 0 ? 'ok  ' : 'FAIL';
    const counts = `${execution.passed} passed${execution.failed === 0 ? '' : `, ${execution.failed} failed`}`;
    print(`    ${mark} ${name.padEnd(32)} ${counts.padEnd(22)} ${execution.seconds.toFixed(1)} s`);
  }

  /** Something that is wrong with the run itself. */
  problem(text: string): void {
    this.failed += 1;
    print(`    FAIL ${text}`);
  }

  /** What failed, then the sum alone on the last line. */
  end(): void {
    for (const { name, execution } of this.#failures) {
      print(`\n==> ${name} failed`);
      for (const failure of execution.failures) print(`    ${failure}`);
      print(extract(readFileSync(execution.log, 'utf8')));
      print(`    All of its output: ${execution.log}`);
    }
    print(`${this.passed} passed, ${this.failed} failed`);
  }
}

/** The lines that matter: from each failed assertion to the end of its diagnosis, or else the last ones. */
function extract(log: string): string {
  const lines = log.split('\n');
  const kept: string[] = [];
  let inside = false;
  for (const line of lines) {
    if (/^\s*not ok /.test(line)) inside = true;
    else if (/^\s*ok /.test(line) || /^\s*# Subtest/.test(line)) inside = false;
    if (inside) kept.push(line);
  }
  const shown = kept.length === 0 ? lines.slice(-SHOWN_LINES) : kept.slice(0, SHOWN_LINES);
  return shown.join('\n');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
