import type { Case } from './cases/index.js';
import { openLab } from './lab.js';
import { machineFacts } from './machine.js';
import { printTable, type Row, writeResults } from './report.js';

export interface BenchOptions {
  /** Fewer rounds and volumes: to see that it works, not what it measures. */
  readonly quick: boolean;
}

/** Runs the cases, prints what they measured and answers the exit code; a missed target is not a failure. */
export async function bench(cases: readonly Case[], options: BenchOptions): Promise<number> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupt.abort(new Error(`interrupted by ${signal}`)));
  const progress = (text: string) => process.stderr.write(`==> ${text}\n`);

  const machine = machineFacts();
  const rows: Row[] = [];
  let lab: Awaited<ReturnType<typeof openLab>> | undefined;
  try {
    lab = await openLab(progress, interrupt.signal, options.quick);
    for (const { name, title, run } of cases) {
      progress(title);
      for (const row of await run(lab)) rows.push({ ...row, case: name });
    }
    printTable(rows);
    progress(`Written to ${await writeResults({ machine, quick: options.quick, rows })}`);
    return 0;
  } catch (error) {
    process.stderr.write(`Error: ${error instanceof Error ? error.message : error}\n`);
    return interrupt.signal.aborted ? 130 : 1;
  } finally {
    await lab?.close();
  }
}
