import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../src/dev/run.js';
import { labFolder } from './folder.js';

/** 198.18.0.0/15, which RFC 2544 keeps for tests, in parts of four addresses, one for each process. */
const PARTS = 1 << 14;
const MASK = '/30';

/** Another machine, as far as its network goes: what runs there speaks from an address of its own. */
export class LabMachine {
  constructor(
    readonly folder: string,
    /** Of the process that keeps its network namespace. */
    readonly pid: number,
    readonly address: string,
    /** This machine's, where that one reaches what listens here. */
    readonly here: string,
  ) {}

  /** The path of a program that runs another one there, which may be named by it as an interpreter is. */
  there(program: string): string {
    const path = join(this.folder, 'there');
    writeFileSync(
      path,
      `#!/bin/sh\nexec nsenter --net=/proc/${this.pid}/ns/net '${program}' "$@"\n`,
    );
    chmodSync(path, 0o755);
    return path;
  }
}

/** Starts one; it is gone when the test file ends. */
export async function startMachine(): Promise<LabMachine> {
  const folder = labFolder();
  const part = 4 * (process.pid % PARTS);
  const [here, address] = [part + 1, part + 2].map((at) => `198.18.${at >> 8}.${at & 255}`);
  // It has the folder among its arguments, by which it is found and ended.
  const held = join(folder, 'network');
  writeFileSync(held, '');
  const keeper = spawn('unshare', ['--net', 'tail', '-f', held], { stdio: 'ignore' });
  await once(keeper, 'spawn');
  const pid = keeper.pid ?? 0;
  const network = (of: string) => readlinkSync(`/proc/${of}/ns/net`);
  while (network(`${pid}`) === network('self')) await sleep(5);
  const link = `lab${process.pid}`;
  const there = ['nsenter', [`--net=/proc/${pid}/ns/net`, 'ip']] as const;
  await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${pid}`]);
  await run('ip', ['address', 'add', `${here}${MASK}`, 'dev', link]);
  await run('ip', ['link', 'set', link, 'up']);
  for (const words of [
    ['address', 'add', `${address}${MASK}`, 'dev', 'eth0'],
    ['link', 'set', 'eth0', 'up'],
    ['link', 'set', 'lo', 'up'],
  ])
    await run(there[0], [...there[1], ...words]);
  return new LabMachine(folder, pid, address ?? '', here ?? '');
}
