import { setTimeout as sleep } from 'node:timers/promises';
import type { AllocationStub } from '../../nomad/allocations.js';
import type { NomadClient, ReadOptions } from '../../nomad/client.js';
import { NomadError } from '../../nomad/errors.js';
import { type NomadVolume, readVolume } from '../../nomad/volumes.js';
import { changes } from '../../nomad/watch.js';
import { formatBytes } from '../../volume/size.js';
import { UsageError } from '../errors.js';
import { monitorLine } from '../monitor.js';
import type { Output } from '../output.js';
import { findVolumeByPrefix } from './find.js';

/**
 * Tells what a volume is and each change of it, until it is gone, also over a time without an answer. With -json and
 * -t each state is printed whole. Throws UsageError without an ID.
 */
export async function monitorVolume(
  output: Output,
  nomad: NomadClient,
  id: string | undefined,
  stale: boolean,
): Promise<void> {
  if (id === undefined) throw new UsageError('-monitor follows one volume: say which');
  const { ID, Namespace } = await findVolumeByPrefix(nomad, id, { stale });
  const say = (line: string) => output.text(monitorLine(line));
  const read = (options: ReadOptions) =>
    patiently(say, async () => {
      const answer = await readVolume(nomad, ID, { ...options, stale, namespace: Namespace });
      return answer ?? GONE;
    });
  let before: NomadVolume | undefined;
  for await (const volume of changes<NomadVolume | undefined>(read)) {
    if (volume === undefined) return say(`Volume "${ID}" is gone from Nomad`);
    const lines = before === undefined ? firstLines(volume) : changedLines(before, volume);
    before = volume;
    if (lines.length === 0) continue;
    for (const line of lines) say(line);
    if (!output.forPeople) await output.data(volume, () => '');
  }
}

const PASSING = ['UNAVAILABLE', 'UNREACHABLE', 'DEADLINE_EXCEEDED'];
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Asks until there is an answer, and tells once that there is none, and once that there is one again. */
async function patiently<T>(say: (line: string) => void, ask: () => Promise<T>): Promise<T> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      const answer = await ask();
      if (wait > FIRST_WAIT_MS) say('Nomad answers again');
      return answer;
    } catch (error) {
      if (!(error instanceof NomadError) || !PASSING.includes(error.code)) throw error;
      if (wait === FIRST_WAIT_MS) say(`Nomad does not answer now: ${error.message}`);
      await sleep(wait);
    }
  }
}

const GONE = { document: undefined, index: 0, nextToken: undefined, lastContactMs: 0 };

function firstLines(volume: NomadVolume): string[] {
  return [
    `Volume "${volume.ID}" in namespace "${volume.Namespace}" is ${schedulable(volume)}, with ${health(volume)}`,
    ...(volume.Allocations.length === 0
      ? ['No allocation claims it']
      : volume.Allocations.map(
          (allocation) => `${claim(volume, allocation)} and is ${allocation.ClientStatus}`,
        )),
  ];
}

function changedLines(before: NomadVolume, after: NomadVolume): string[] {
  const was = new Map(before.Allocations.map((one) => [one.ID, one]));
  const is = new Set(after.Allocations.map(({ ID }) => ID));
  const size = (volume: NomadVolume) => formatBytes(BigInt(volume.Capacity));
  return [
    ...(before.Schedulable === after.Schedulable && health(before) === health(after)
      ? []
      : [`The volume is ${schedulable(after)}, with ${health(after)}`]),
    ...(before.Capacity === after.Capacity ? [] : [`Its capacity is ${size(after)}`]),
    ...(before.AccessMode === after.AccessMode
      ? []
      : [after.AccessMode === '' ? 'It is free' : `It is used as ${after.AccessMode}`]),
    ...after.Allocations.flatMap((allocation) => {
      const earlier = was.get(allocation.ID);
      if (earlier === undefined)
        return [`${claim(after, allocation)} and is ${allocation.ClientStatus}`];
      return earlier.ClientStatus === allocation.ClientStatus
        ? []
        : [`${named(allocation)} is ${allocation.ClientStatus}`];
    }),
    ...before.Allocations.filter(({ ID }) => !is.has(ID)).map(
      (allocation) => `${named(allocation)} claims it no more`,
    ),
  ];
}

function schedulable({ Schedulable }: NomadVolume): string {
  return Schedulable ? 'schedulable' : 'not schedulable';
}

function health(volume: NomadVolume): string {
  const { ControllersHealthy, ControllersExpected, NodesHealthy, NodesExpected } = volume;
  return `${ControllersHealthy} of ${ControllersExpected} controllers and ${NodesHealthy} of ${NodesExpected} nodes healthy`;
}

function named({ ID, JobID, NodeName }: AllocationStub): string {
  return `Allocation "${ID.slice(0, 8)}" of job "${JobID}" on node "${NodeName}"`;
}

function claim({ WriteAllocs }: NomadVolume, allocation: AllocationStub): string {
  return `${named(allocation)} claims it for ${allocation.ID in WriteAllocs ? 'writing' : 'reading'}`;
}
