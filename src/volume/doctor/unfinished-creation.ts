import {
  type Claim,
  type DeadClaim,
  formatClaim,
  helperTasks,
  newClaimOf,
} from '../create/claim.js';
import { awaitMaker, clearRemains } from '../create/discard.js';
import { parseHandle } from '../handle.js';
import { isDiscarded } from '../marks.js';
import { ownRecord, type PlannedVolume } from '../record.js';
import { ABANDONED_MS, entryWords, type Trouble, type Ward } from './trouble.js';
import { throwAway } from './untouched.js';

/** The layout of a claim that nobody asks for, so that a creation takes it over and does not go on with it. */
const GIVEN_UP = 'given up';

/** A creation that nobody went on with. A younger one is under way. */
export function unfinishedCreation(
  ward: Ward,
  key: string,
  text: string,
  claim: Claim,
): readonly Trouble[] {
  const { pending, since } = claim;
  if (Date.now() - since < ABANDONED_MS) return [];
  return [
    {
      kind: 'unfinished-creation',
      subject: entryWords(ward, 'names', key, pending.name),
      problem: `the creation of "${pending.handle}" began ${new Date(since).toISOString()} and nobody went on`,
      seen: text,
      remedy: {
        words: 'release the name, and throw away what was made where nothing was written to it',
        act: () => giveUp(ward, key, text, claim),
      },
    },
  ];
}

/**
 * Takes the claim over first, so that the creation cannot commit any more, and lets go of it last, so that what it
 * made is known until it is gone.
 */
async function giveUp(ward: Ward, key: string, text: string, claim: Claim): Promise<boolean> {
  const { controller, cluster } = ward;
  const planned = { ...claim.pending, layout: GIVEN_UP };
  const own = { ...newClaimOf(planned, undefined, claim), since: claim.since };
  const taken = await controller.effect('doctor/take-over-claim', () =>
    cluster.names.swap(key, text, formatClaim(own)),
  );
  if (taken !== 'swapped') return false;
  const handles = new Set(own.replaces.map(({ handle }) => handle));
  for (const handle of handles) await clearAway(ward, key, handle, own.pending, own.replaces);
  const put = helperTasks(own);
  const released = await controller.effect('doctor/give-up-claim', () =>
    cluster.names.swap(key, formatClaim(own), undefined, { put }),
  );
  if (released !== 'swapped') return false;
  for (const task of put) controller.work.add(cluster.name, 'names', { key, ...task });
  return true;
}

/** Takes away what claims that are dead now left under a handle. What holds data is left, and belongs to nobody. */
async function clearAway(
  ward: Ward,
  key: string,
  volumeId: string,
  planned: PlannedVolume,
  dead: readonly DeadClaim[],
): Promise<void> {
  const { controller, cluster } = ward;
  const handle = parseHandle(volumeId);
  if (handle === undefined) return;
  const { image, remains } = await awaitMaker(controller, cluster, handle);
  if (image === undefined) return clearRemains(controller, cluster, handle, remains);
  await throwAway(ward, key, handle, planned, (image) => {
    const record = ownRecord(image);
    if (record === undefined) return true;
    return !isDiscarded(image) && dead.some(({ claim }) => claim === record.claim);
  });
}
