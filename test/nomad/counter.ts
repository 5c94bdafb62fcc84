import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Allocation } from '../lab/nomad/allocations.js';
import type { LabClient } from '../lab/nomad.js';
import { type Consumer, consumerJob } from './consumer.js';
import type { Site } from './site.js';

const LIMIT_MS = 60_000;

/** Counts on in a file, each step synchronised, and ends where it cannot. */
const COUNT =
  'i=$(cat /data/count || echo 0); while :; do i=$((i+1)); echo $i >/data/count.new && sync /data/count.new && mv /data/count.new /data/count || exit 1; sleep 0.1; done';

/** In a group: a failed allocation is soon followed by another one. */
export const RESCHEDULE =
  'reschedule {\n  delay = "5s"\n  delay_function = "constant"\n  unlimited = true\n}';

export interface Counter extends Partial<Consumer> {
  /** The volume; by default of the job's own name. */
  readonly source?: string;
  readonly perAlloc?: boolean;
}

/** Runs a job that counts in a volume. */
export function runCounter(
  { nomad }: Site,
  id: string,
  { source = id, perAlloc = false, ...more }: Counter = {},
): Promise<string> {
  const volumes = { data: { source, perAlloc } };
  return nomad.runJob(consumerJob({ id, script: COUNT, volumes, ...more }));
}

/** The client that an allocation is on. */
export function clientOf({ nomad }: Site, { NodeID }: Allocation): LabClient {
  const client = nomad.clients.find(({ nodeId }) => nodeId === NodeID);
  if (client === undefined) throw new Error(`no client has the node ${NodeID}`);
  return client;
}

/** What the counter of an allocation has come to; 0 where it cannot be seen. */
export function countOf(site: Site, allocation: Allocation, volume: string): number {
  const target = site.target(clientOf(site, allocation), allocation, volume);
  try {
    return Number(readFileSync(join(target, 'count'), 'utf8'));
  } catch {
    return 0;
  }
}

/** Waits until a counter has gone on from where it is, and returns where it is then. */
export async function goesOn(site: Site, allocation: Allocation, volume: string): Promise<number> {
  const before = countOf(site, allocation, volume);
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(100)) {
    const now = countOf(site, allocation, volume);
    if (now > before) return now;
  }
  throw new Error(`${volume} stands still at ${before}`);
}
