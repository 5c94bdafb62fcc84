import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Lab } from '../lab.js';
import { inTurns } from '../measure.js';
import { startNomad } from '../nomad.js';
import { pannier } from '../plugin.js';
import { compared, type Row } from '../report.js';

const TARGET = { of: 'ratio', most: 3 } as const;
const VOLUMES = 10;
const LIMIT_MS = 60_000;

/** A whole command against a local Nomad, beside Nomad's own and a Node.js that does nothing. */
export async function throughNomad(lab: Lab): Promise<Row[]> {
  await using nomad = await startNomad(lab, VOLUMES);
  const env = { NOMAD_ADDR: nomad.address };
  const ours = () => runProgram(process.execPath, [pannier()[1], 'volume', 'status'], env);
  const [theirs, bare] = ['nomad volume status -type=csi', 'node -e 0'] as const;
  const times = await inTurns(
    [
      {
        name: theirs,
        ours,
        theirs: () => runProgram(nomad.program, ['volume', 'status', '-type=csi'], env),
      },
      { name: bare, ours, theirs: () => runProgram(process.execPath, ['-e', '0'], env) },
    ],
    { rounds: lab.quick ? 5 : 40, warmUp: 2, signal: lab.signal },
  );
  return [...times].map(([what, pair]) =>
    compared(
      'pannier volume status, through Nomad',
      pair,
      what,
      what === theirs ? TARGET : undefined,
    ),
  );
}

async function runProgram(
  program: string,
  args: readonly string[],
  more: NodeJS.ProcessEnv,
): Promise<void> {
  const { UV_THREADPOOL_SIZE: _, PANNIER_ENDPOINT: __, ...env } = process.env;
  const child = spawn(program, args, {
    env: { ...env, ...more },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: LIMIT_MS,
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${code}`);
}
