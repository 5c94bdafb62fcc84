import { setTimeout as sleep } from 'node:timers/promises';
import { Work_Kind as Kind } from '../src/proto/pannier/admin/v1/admin_pb.js';
import type { Lab } from './lab.js';
import { inTurns, type Pair, rate, type Step, type Times } from './measure.js';
import { blank, GIB } from './requests.js';

const PREPARED_AT_ONCE = 8;
const POLL_MS = 20;

/** A call of the plugin, and what bare librbd does instead. */
export interface SnapshotCall extends Step {
  readonly against: string;
  /** What the ratio may be at most. */
  readonly most: number;
}

export type Measured = ReadonlyArray<{
  readonly call: SnapshotCall;
  readonly times: Pair<Times>;
}>;

/** One turn's volume of the plugin's, with a snapshot that is kept; bare librbd has an image of its name with one. */
interface Subject {
  readonly image: string;
  readonly volumeId: string;
  readonly kept: string;
  /** The snapshot that the turn takes. */
  taken: string;
  readonly made: string[];
}

/** Times the calls of a snapshot's life, by `width` callers at once. Takes away all that it made. */
export async function measureSnapshots(
  lab: Lab,
  label: string,
  { rounds, width }: { readonly rounds: number; readonly width: number },
): Promise<Measured> {
  const warmUp = 1;
  const subjects = await prepare(lab, label, (rounds + warmUp) * width);
  const calls = callsOf(lab, subjects);
  const times = await inTurns(calls, { rounds, warmUp, signal: lab.signal, width });
  await takeAway(lab, subjects);
  return calls.flatMap((call) => {
    const pair = times.get(call.name);
    return pair === undefined ? [] : [{ call, times: pair }];
  });
}

async function prepare({ controller, bare, signal }: Lab, label: string, count: number) {
  const subjects: Subject[] = [];
  await rate(count, PREPARED_AT_ONCE, async (index) => {
    signal.throwIfAborted();
    const image = `${label}-${index}`;
    const { volume } = await controller.controller.createVolume(blank(image));
    const volumeId = volume?.volumeId ?? '';
    await bare.create(image, GIB);
    const [{ snapshot }] = await Promise.all([
      controller.controller.createSnapshot({ name: image, sourceVolumeId: volumeId }),
      bare.snapshot(image, 'kept'),
    ]);
    subjects[index] = { image, volumeId, kept: snapshot?.snapshotId ?? '', taken: '', made: [] };
  });
  return subjects;
}

/** In the order in which one turn does them. */
function callsOf(lab: Lab, subjects: readonly Subject[]): SnapshotCall[] {
  const { controller } = lab.controller;
  const { bare } = lab;
  const of = (round: number) => subjects[round] as Subject;
  const make = async (
    subject: Subject,
    suffix: string,
    type:
      | { case: 'snapshot'; value: { snapshotId: string } }
      | { case: 'volume'; value: { volumeId: string } },
  ) => {
    const request = { ...blank(`${subject.image}-${suffix}`), volumeContentSource: { type } };
    const { volume } = await controller.createVolume(request);
    subject.made.push(volume?.volumeId ?? '');
  };
  return [
    {
      name: 'CreateSnapshot',
      against: 'open, rbd_snap_create, close',
      most: 1.05,
      async ours(round) {
        const { image, volumeId } = of(round);
        const name = `${image} taken`;
        const { snapshot } = await controller.createSnapshot({ name, sourceVolumeId: volumeId });
        of(round).taken = snapshot?.snapshotId ?? '';
      },
      theirs: (round) => bare.snapshot(of(round).image, 'taken'),
    },
    {
      name: 'DeleteSnapshot, to its answer',
      against: 'open, rbd_snap_remove, close',
      most: 1.05,
      ours: (round) => controller.deleteSnapshot({ snapshotId: of(round).taken }),
      theirs: (round) => bare.removeSnapshot(of(round).image, 'taken'),
      settle: () => removed(lab),
    },
    {
      name: 'CreateVolume from a snapshot',
      against: 'rbd_clone3, open, set metadata, close',
      most: 1.5,
      ours: (round) =>
        make(of(round), 'restored', { case: 'snapshot', value: { snapshotId: of(round).kept } }),
      theirs: (round) => bare.clone(of(round).image, 'kept', `${of(round).image}-restored`),
    },
    {
      name: 'CreateVolume from a volume',
      against: 'open, rbd_snap_create, close, rbd_clone3, open, set metadata, close',
      most: 1.05,
      ours: (round) =>
        make(of(round), 'cloned', { case: 'volume', value: { volumeId: of(round).volumeId } }),
      async theirs(round) {
        const { image } = of(round);
        await bare.snapshot(image, 'cloned');
        await bare.clone(image, 'cloned', `${image}-cloned`);
      },
      settle: () => removed(lab),
    },
    {
      name: 'DeleteVolume with snapshots',
      against: 'rbd_rename',
      most: 1.5,
      ours: (round) => controller.deleteVolume({ volumeId: of(round).volumeId }),
      theirs: (round) => bare.rename(of(round).image, `${of(round).image}-deleted`),
    },
  ];
}

/** Waits until the plugin has removed the RBD snapshots that nobody can ask for any more. */
export async function removed({ controller, signal }: Lab): Promise<void> {
  for (;;) {
    const { work } = await controller.admin.listWork({});
    if (work.every(({ kind }) => kind !== Kind.REMOVE_SNAPSHOT)) return;
    await sleep(POLL_MS, undefined, { signal });
  }
}

async function takeAway({ controller }: Lab, subjects: readonly Subject[]): Promise<void> {
  await rate(subjects.length, PREPARED_AT_ONCE, async (index) => {
    const { made, kept } = subjects[index] as Subject;
    for (const volumeId of made) await controller.controller.deleteVolume({ volumeId });
    await controller.controller.deleteSnapshot({ snapshotId: kept });
  });
}
