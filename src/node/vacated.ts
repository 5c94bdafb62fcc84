import { hostOf } from '../volume/delete/users.js';
import { fail } from '../volume/errors.js';
import { findImage } from '../volume/find.js';
import type { VolumeHandle } from '../volume/handle.js';
import {
  heldOf,
  isBeingDeleted,
  isUnstaged,
  type Publication,
  type Publications,
  publicationsOf,
} from '../volume/marks.js';
import { refuseConflict, swapPublications } from '../volume/publications.js';
import type { Cluster, Image } from '../volume/store.js';
import { usersOf } from '../volume/users.js';
import { findMapping, type InLine, locateVolume, type NodeContext } from './context.js';
import type { StageRecord } from './records.js';
import type { Vacated } from './vacated-records.js';

/** How long a controller has to take a publication back after NodeUnstageVolume, as it should. */
const GRACE_MS = 10_000;
/** How often another may change the publications in between. */
const ROUNDS = 8;

/**
 * Remembers that a volume is not here any more, so that a publication which stays is told of. Nothing fails where it
 * cannot.
 */
export async function vacate(
  { effect, log, vacated }: NodeContext,
  { volumeId, imageId, claimed }: StageRecord,
): Promise<void> {
  if (!claimed) return;
  try {
    await effect('unstage/remember-vacated', () => vacated.write(volumeId, imageId));
  } catch (error) {
    log.warn(
      { volume: volumeId, problem: String(error) },
      'cannot remember that a volume was unstaged',
    );
  }
}

/**
 * Says of volumes that were unstaged and are still published to this node that nothing of them is here: another node
 * may get them then, though no controller took them back. Nomad leaves ControllerUnpublishVolume out while any of the
 * plugin's controllers is away.
 */
export async function tellVacated(
  context: NodeContext,
  inLine: InLine,
  signal: AbortSignal,
): Promise<void> {
  const { effect, log, vacated } = context;
  for (const one of await vacated.due(GRACE_MS)) {
    const { volumeId } = one;
    if (signal.aborted) return;
    try {
      // Asked first without keeping others waiting: Ceph may take its time to answer.
      const claim = await claimOf(context, one);
      if (claim === undefined)
        await inLine(volumeId, () => effect('vacate/forget-vacated', () => vacated.remove(one)));
      else if (await isUsedHere(claim)) vacated.postpone(one);
      else await inLine(volumeId, () => tell(context, one));
    } catch (error) {
      vacated.postpone(one);
      log.warn(
        { volume: volumeId, problem: String(error) },
        'cannot say that a volume is not on this node any more',
      );
    }
  }
}

async function tell(context: NodeContext, one: Vacated): Promise<void> {
  const { nodeId, effect, log, vacated } = context;
  const claim = await claimOf(context, one);
  // The next look sees to it.
  if (claim === undefined || (await isUsedHere(claim))) return;
  const { cluster, handle, image, published, own } = claim;
  const outcome = await effect('vacate/mark-unstaged', () =>
    swapPublications(cluster, handle, image, {
      ...published,
      [nodeId]: { ...own, unstaged: true },
    }),
  );
  if (outcome !== 'swapped') return;
  log.info(
    { volume: one.volumeId },
    'nobody took the publication of an unstaged volume back: others may have it',
  );
  await effect('vacate/forget-vacated', () => vacated.remove(one));
}

interface Located {
  /** As the caller names it. */
  readonly volumeId: string;
  readonly handle: VolumeHandle;
  readonly cluster: Cluster;
}

/** This node's publication of a volume. */
interface Claim extends Located {
  readonly image: Image;
  readonly published: Publications;
  readonly own: Publication;
}

/** The publication of a volume of which nothing is here; undefined where there is none, or something is. */
async function claimOf(
  context: NodeContext,
  { volumeId, imageId }: Vacated,
): Promise<Claim | undefined> {
  if ((await context.records.ofVolume(volumeId)).length > 0) return undefined;
  if ((await findMapping(context, volumeId)) !== undefined) return undefined;
  const { handle, cluster } = locateVolume(context, volumeId, undefined);
  const image = await findImage(cluster, handle);
  if (image?.id !== imageId) return undefined;
  const published = publicationsOf(image, handle);
  const own = heldOf(published)[context.nodeId];
  if (own === undefined) return undefined;
  return { volumeId, cluster, handle, image, published, own };
}

/** Whether a client on this machine has the image open: another plugin's, as the same node, or one that has just died. */
async function isUsedHere({ cluster, handle, image }: Claim): Promise<boolean> {
  const users = await usersOf(cluster, handle, image.id);
  const here = users.length === 0 ? '' : await cluster.address();
  return users.some(({ address }) => hostOf(address) === here);
}

/**
 * Takes back that nothing of a volume is here, where this node has said so. Fails with published-elsewhere where another
 * node has got it since.
 */
export async function claimAgain(
  { nodeId, effect }: NodeContext,
  { volumeId, handle, cluster }: Located,
  first: Image,
): Promise<void> {
  let image: Image | undefined = first;
  for (let round = 0; round < ROUNDS; round++) {
    if (image?.id !== first.id) fail('volume-not-found', { volume: volumeId });
    if (isBeingDeleted(image)) fail('being-deleted', { volume: volumeId });
    if (!isUnstaged(image, nodeId)) return;
    const published = publicationsOf(image, handle);
    const { unstaged: _, ...own } = published[nodeId] as Publication;
    refuseConflict(handle, heldOf(published), own);
    const now: Image = image;
    const outcome = await effect('stage/claim-again', () =>
      swapPublications(cluster, handle, now, { ...published, [nodeId]: own }),
    );
    if (outcome === 'swapped') return;
    image = await findImage(cluster, handle);
  }
  fail('superseded', { volume: volumeId });
}
