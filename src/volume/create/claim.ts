import { parseObject, strings } from '../json.js';
import { nameKey } from '../name.js';
import { inOrder, newClaim, type PlannedVolume, readPlanned } from '../record.js';
import type { Place, StoredTask } from '../store.js';
import { type SnapshotTask, taskOf } from '../work/tasks.js';

/** The snapshot that a volume is cloned through, which goes as soon as the clone is made. */
export interface Helper extends Place {
  readonly imageId: string;
  readonly snapshot: string;
}

/** An earlier claim that another one took the name from; its image, if any, was never answered. */
export interface DeadClaim {
  readonly claim: string;
  readonly handle: string;
  readonly helper?: Helper | undefined;
}

/** A creation under way: what the name index holds from the first step until the commit. */
export interface Claim {
  readonly pending: PlannedVolume;
  /** When it was made, in milliseconds since 1970. */
  readonly since: number;
  /** The snapshot of the source volume that it may have taken. */
  readonly helper: Helper | undefined;
  readonly replaces: readonly DeadClaim[];
}

const HELPER_PREFIX = 'pannier.clone.';

/** The name index key of the volume that a snapshot was taken for, or undefined where it is no helper. */
export function keyOfHelper(snapshot: string): string | undefined {
  return /^pannier\.clone\.([a-z2-7]{20})\.[0-9a-f]+$/.exec(snapshot)?.[1];
}

/** A claim for a volume that is to be made, in the place of another one where there is one. */
export function newClaimOf(
  planned: Omit<PlannedVolume, 'claim'>,
  source: (Place & { readonly imageId: string }) | undefined,
  replaced: Claim | undefined,
): Claim {
  const claim = newClaim();
  return {
    pending: { ...planned, claim },
    since: Date.now(),
    helper: source && {
      pool: source.pool,
      namespace: source.namespace,
      imageId: source.imageId,
      snapshot: `${HELPER_PREFIX}${nameKey(planned.name)}.${claim}`,
    },
    replaces: replaced === undefined ? [] : [...replaced.replaces, dead(replaced)],
  };
}

function dead({ pending, helper }: Claim): DeadClaim {
  return { claim: pending.claim, handle: pending.handle, helper };
}

/** Equal for equal claims, whatever the order of their members: texts are compared. */
export function formatClaim({ pending, since, helper, replaces }: Claim): string {
  return JSON.stringify({ pending: inOrder(pending), since, helper, replaces });
}

/** The claim that a text holds, or undefined where it is not one. */
export function parseClaim(text: string | undefined): Claim | undefined {
  const value = parseObject(text);
  const pending = readPlanned(asObject(value?.pending));
  const { since, replaces } = value ?? {};
  const helper = readHelper(value?.helper);
  if (pending === undefined || typeof since !== 'number' || !Array.isArray(replaces))
    return undefined;
  const before = replaces.map(readDead);
  if (before.includes(undefined)) return undefined;
  return { pending, since, helper, replaces: before as DeadClaim[] };
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)
    : undefined;
}

function readHelper(value: unknown): Helper | undefined {
  return strings(asObject(value), ['pool', 'namespace', 'imageId', 'snapshot']);
}

function readDead(value: unknown): DeadClaim | undefined {
  const words = strings(asObject(value), ['claim', 'handle']);
  return words && { ...words, helper: readHelper(asObject(value)?.helper) };
}

/** The work of removing every snapshot that a claim, or one that it replaced, may have taken. */
export function helperTasks({ helper, replaces }: Claim): Array<Pick<StoredTask, 'id' | 'value'>> {
  return [helper, ...replaces.map((one) => one.helper)]
    .filter((one) => one !== undefined)
    .map((one) => taskOf({ kind: 'snapshot', ...one } satisfies SnapshotTask));
}
