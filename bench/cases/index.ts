import type { Lab } from '../lab.js';
import type { Row } from '../report.js';
import { amongMany } from './among-many.js';
import { atOnce } from './at-once.js';
import { commandLine } from './command-line.js';
import { controllerCalls } from './controller.js';
import { idleMemory, memoryAfter } from './memory.js';
import { nodeCalls } from './node.js';
import { throughNomad } from './nomad.js';
import { paging } from './paging.js';
import { snapshots } from './snapshots.js';

export interface Case {
  readonly name: string;
  /** What is under way, for who waits. */
  readonly title: string;
  run(lab: Lab): Promise<Row[]>;
}

/** In the order in which they run: what needs a fresh plugin comes first, what fills it up last. */
export const CASES: readonly Case[] = [
  { name: 'memory-idle', title: 'Memory of idle plugins', run: idleMemory },
  { name: 'cli', title: 'Commands against an empty Node.js', run: commandLine },
  { name: 'cli-nomad', title: 'A command against Nomad and its own', run: throughNomad },
  { name: 'controller', title: 'Controller calls against bare librbd', run: controllerCalls },
  { name: 'at-once', title: 'Eight callers against one', run: atOnce },
  { name: 'node', title: 'Node calls against a script', run: nodeCalls },
  { name: 'snapshots', title: 'Snapshots and clones against bare librbd', run: snapshots },
  { name: 'list', title: 'ListVolumes as volumes grow many', run: paging },
  { name: 'among-many', title: 'Snapshots among a thousand others', run: amongMany },
  { name: 'memory-full', title: 'Memory with many volumes', run: memoryAfter },
];
