import type { Controller } from '../controller.js';
import { VolumeError } from '../errors.js';
import type { Cluster } from '../store.js';
import { fewAtOnce } from './at-once.js';
import { entriesOf } from './entry.js';
import { halfMadeImages } from './half-made.js';
import { imagesWithoutTask } from './image-without-task.js';
import { snapshotEntries } from './snapshot-entry.js';
import { straySnapshots } from './stray-snapshot.js';
import { Survey } from './survey.js';
import { tasksInTrouble } from './task.js';
import type { Subject, Trouble, Ward } from './trouble.js';
import { unlistedImages } from './unlisted-image.js';

/** What was found, and what became of it. */
export interface Finding {
  readonly kind: string;
  readonly subject: string;
  readonly problem: string;
  /** What would be done, or was; '' where only a person can tell. */
  readonly remedy: string;
  readonly fixed: boolean;
}

const CHECKS: ReadonlyArray<(ward: Ward) => readonly Subject[]> = [
  entriesOf,
  unlistedImages,
  imagesWithoutTask,
  halfMadeImages,
  snapshotEntries,
  straySnapshots,
  tasksInTrouble,
];

/** What looks odd is looked at again after so long, in milliseconds: a step of a call takes some ten. */
const MOMENT_MS = 1_000;
/** One remedy may bring another trouble to light, such as an image behind an entry. */
const ROUNDS = 3;

/**
 * Looks through every cluster for what nobody owns, and mends it where that is asked. Controllers may work at the
 * same time: what is odd counts only where it is the same a moment later, and a remedy changes what is still as it
 * was seen. Data is thrown away only where nobody can have been told of it, or has asked for its deletion.
 */
export async function examine(controller: Controller, fix: boolean): Promise<readonly Finding[]> {
  const { clusters } = controller;
  const found = await Promise.all(
    clusters.names.map((name) => examineCluster(controller, clusters.get(name), fix)),
  );
  return found.flat().map(({ changed: _, ...finding }) => finding);
}

async function examineCluster(
  controller: Controller,
  cluster: Cluster,
  fix: boolean,
): Promise<readonly Outcome[]> {
  const fixed: Outcome[] = [];
  for (let round = 1; ; round++) {
    const troubles = await lookTwice(controller, cluster);
    const found = await fewAtOnce(troubles, (trouble) => (fix ? mend(trouble) : told(trouble)));
    fixed.push(...found.filter((finding) => finding.fixed));
    const left = found.filter((finding) => !finding.fixed);
    const moved = found.some((finding) => finding.fixed || finding.changed);
    if (!moved || round === ROUNDS) return [...fixed, ...left];
  }
}

async function lookTwice(controller: Controller, cluster: Cluster): Promise<readonly Trouble[]> {
  const first = await look({ controller, cluster, survey: await Survey.take(cluster) });
  if (first.size === 0) return [];
  await controller.wait(MOMENT_MS);
  const second = await look({ controller, cluster, survey: await Survey.take(cluster) }, first);
  return [...second].flatMap(([id, troubles]) =>
    troubles.filter((trouble) => first.get(id)?.some((before) => isSame(before, trouble))),
  );
}

function isSame(left: Trouble, right: Trouble): boolean {
  return left.kind === right.kind && left.subject === right.subject && left.seen === right.seen;
}

type Troubles = ReadonlyMap<string, readonly Trouble[]>;

/** Looks at everything, or at what was in trouble before. */
async function look(ward: Ward, before?: Troubles): Promise<Troubles> {
  const subjects = CHECKS.flatMap((check) => check(ward)).filter(
    ({ id }) => before === undefined || before.has(id),
  );
  const found = await fewAtOnce(subjects, async (subject) => ({
    id: subject.id,
    troubles: await subject.look().catch((error: unknown) => unreadable(subject, error)),
  }));
  return new Map(
    found.filter(({ troubles }) => troubles.length > 0).map(({ id, troubles }) => [id, troubles]),
  );
}

/** One image that Ceph cannot read must not hide the others. */
function unreadable({ id }: Subject, error: unknown): Trouble[] {
  if (!(error instanceof VolumeError) || error.kind !== 'ceph-error') throw error;
  return [{ kind: 'unreadable', subject: id, problem: error.message, seen: error.message }];
}

/** A finding, and whether it was not as it was seen any more when it was to be mended. */
interface Outcome extends Finding {
  readonly changed: boolean;
}

async function told(trouble: Trouble): Promise<Outcome> {
  const { kind, subject, problem, remedy } = trouble;
  return { kind, subject, problem, remedy: remedy?.words ?? '', fixed: false, changed: false };
}

async function mend(trouble: Trouble): Promise<Outcome> {
  const finding = await told(trouble);
  if (trouble.remedy === undefined) return finding;
  try {
    const fixed = await trouble.remedy.act();
    return { ...finding, fixed, changed: !fixed };
  } catch (error) {
    if (!(error instanceof VolumeError)) throw error;
    const problem = `${finding.problem}; it could not be mended: ${error.message}`;
    return { ...finding, problem };
  }
}
