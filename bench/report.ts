import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { table } from '../src/cli/columns.js';
import { packageRoot } from '../src/cli/package.js';
import type { MachineFacts } from './machine.js';
import type { Pair, Times } from './measure.js';

/** One thing that was measured. */
export interface Row {
  readonly case?: string;
  readonly name: string;
  /** Milliseconds, operations in a second, or megabytes (10^6 bytes). */
  readonly unit: 'ms' | '/s' | 'MB';
  /** The median, or the one value that there is. */
  readonly value: number;
  readonly p95?: number;
  readonly rounds?: number;
  /** The least that could do the job, in the same unit. */
  readonly against?: { readonly what: string; readonly value: number; readonly p95?: number };
  /** What is aimed at: of the value itself, or of its ratio to `against`. */
  readonly target?: {
    readonly of: 'value' | 'ratio';
    readonly most?: number;
    readonly least?: number;
  };
  /** What a reader should know besides. */
  readonly note?: string;
}

/** A row of two that were timed in turns. */
export function compared(
  name: string,
  { ours, theirs }: Pair<Times>,
  what: string,
  target?: Row['target'],
): Row {
  return {
    name,
    unit: 'ms',
    value: ours.p50,
    p95: ours.p95,
    rounds: ours.rounds,
    against: { what, value: theirs.p50, p95: theirs.p95 },
    ...(target === undefined ? {} : { target }),
  };
}

export function ratioOf({ value, against }: Row): number | undefined {
  return against === undefined ? undefined : value / against.value;
}

/** Whether a target was met; undefined where there is none. */
export function met(row: Row): boolean | undefined {
  if (row.target === undefined) return undefined;
  const { of, most = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY } = row.target;
  const measured = of === 'value' ? row.value : ratioOf(row);
  return measured !== undefined && measured >= least && measured <= most;
}

export function printTable(rows: readonly Row[]): void {
  const header = ['case', 'what', 'p50', 'p95', 'against', 'p50', 'p95', 'ratio', 'target', 'met'];
  const lines = rows.map((row) => [
    row.case,
    row.name,
    amount(row.value, row.unit),
    row.p95 === undefined ? '-' : amount(row.p95, row.unit),
    row.against?.what ?? row.note ?? '-',
    row.against === undefined ? '-' : amount(row.against.value, row.unit),
    row.against?.p95 === undefined ? '-' : amount(row.against.p95, row.unit),
    ratioOf(row)?.toFixed(2) ?? '-',
    targetText(row),
    { true: 'yes', false: 'NO', undefined: '-' }[String(met(row))],
  ]);
  process.stdout.write(`${table(header, lines)}\n`);
}

function amount(value: number, unit: Row['unit']): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`;
}

function targetText({ target, unit }: Row): string {
  if (target === undefined) return '-';
  const [sign, limit] = target.most === undefined ? ['>=', target.least] : ['<=', target.most];
  return `${sign} ${limit}${target.of === 'ratio' ? ' x' : ` ${unit}`}`;
}

export interface Results {
  readonly machine: MachineFacts;
  readonly quick: boolean;
  readonly rows: readonly Row[];
}

/** Writes bench/results/<time>.json and answers its path. */
export async function writeResults(results: Results): Promise<string> {
  const folder = join(packageRoot(), 'bench', 'results');
  const when = new Date().toISOString();
  const file = join(folder, `${when.replace(/[:.]/g, '-')}.json`);
  const rows = results.rows.map((row) => ({ ...row, ratio: ratioOf(row), met: met(row) }));
  await mkdir(folder, { recursive: true });
  await writeFile(file, `${JSON.stringify({ when, ...results, rows }, null, 2)}\n`);
  return file;
}
