import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { packageVersion } from '../src/cli/package.js';

/** What the numbers of a run depend on. */
export interface MachineFacts {
  readonly pannier: string;
  readonly node: string;
  readonly ceph: string;
  readonly kernel: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Of the last minute, before the run: above a few tenths, others were at work. */
  readonly loadBefore: number;
}

export function machineFacts(): MachineFacts {
  const ceph = spawnSync('ceph', ['--version'], { encoding: 'utf8', timeout: 20_000 });
  return {
    pannier: packageVersion(),
    node: process.version,
    ceph: /^ceph version (\S+)/.exec(ceph.stdout)?.[1] ?? 'unknown',
    kernel: release(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    loadBefore: loadavg()[0] ?? 0,
  };
}
