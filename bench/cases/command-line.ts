import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Lab } from '../lab.js';
import { inTurns } from '../measure.js';
import { pannier } from '../plugin.js';
import { compared, type Row } from '../report.js';
import { fillTo } from '../volumes.js';

const TARGET = { of: 'ratio', most: 4 } as const;
const VOLUMES = 10;
const LIMIT_MS = 60_000;

/** Whole commands against a Node.js that does nothing. */
export async function commandLine(lab: Lab): Promise<Row[]> {
  await fillTo(lab, VOLUMES);
  const commands: ReadonlyArray<readonly [string, readonly string[]]> = [
    ['pannier version', ['version']],
    ['pannier volume status', ['volume', 'status', `-endpoint=${lab.controller.endpoint}`]],
  ];
  const times = await inTurns(
    commands.map(([name, args]) => ({
      name,
      ours: () => runNode([pannier()[1], ...args]),
      theirs: () => runNode(['-e', '0']),
    })),
    { rounds: lab.quick ? 5 : 40, warmUp: 2, signal: lab.signal },
  );
  return [...times].map(([name, pair]) => compared(name, pair, 'node -e 0', TARGET));
}

async function runNode(args: readonly string[]): Promise<void> {
  const { UV_THREADPOOL_SIZE: _, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: LIMIT_MS,
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`node ${args.join(' ')}: exit code ${code}`);
}
