import type { Answer } from './fleet.js';
import { isUnknown } from './fleet.js';

/** A change that a call may have made, from when it was sent until it ended, or for ever where that is unknown. */
interface Change {
  readonly live: boolean;
  readonly began: number;
  readonly ended: number;
  readonly certain: boolean;
}

/**
 * What is known of one volume while calls for it overlap: it has one incarnation, with one content, which is there or
 * deleted, whichever of the calls came last.
 */
export class VolumeModel {
  /** The pattern that it holds; undefined before it was first made. */
  tag: string | undefined;
  /** RBD's id of its image; '' before that. */
  imageId = '';
  #changes: Change[] = [];
  #atLeast = 0n;
  #atMost = 0n;

  constructor(
    readonly name: string,
    readonly volumeId: string,
  ) {}

  /** From here on it is known to be there, as told. */
  begin(sizeBytes: bigint, tag: string | undefined): void {
    this.tag = tag;
    this.#atLeast = sizeBytes;
    this.#atMost = sizeBytes;
    const now = performance.now();
    this.#changes = [{ live: true, began: now, ended: now, certain: true }];
  }

  /** A call ended that makes it live, or takes it away. */
  changed(live: boolean, answer: Answer<unknown>): void {
    const { code, began, ended } = answer;
    if (code === 'OK') this.#changes.push({ live, began, ended, certain: true });
    else if (isUnknown(answer))
      this.#changes.push({ live, began, ended: Number.POSITIVE_INFINITY, certain: false });
  }

  grown(sizeBytes: bigint, answer: Answer<unknown>): void {
    if (answer.code === 'OK' && sizeBytes > this.#atLeast) this.#atLeast = sizeBytes;
    if ((answer.code === 'OK' || isUnknown(answer)) && sizeBytes > this.#atMost)
      this.#atMost = sizeBytes;
  }

  /** True where a call may have left the volume half deleted, or half taken back. */
  isUnsettled(live: boolean): boolean {
    return this.#changes.some((change) => !change.certain && change.live === live);
  }

  /**
   * True where some order of the calls ends so: a change that makes it so is followed by no other one for certain.
   * An OK that was lost leaves no such change.
   */
  canBe(live: boolean): boolean {
    return this.#changes.some(
      (last) =>
        last.live === live &&
        !this.#changes.some(
          (other) => other.certain && other.live !== live && other.began > last.ended,
        ),
    );
  }

  /** True for a size that some order of the calls ends with. */
  canHave(sizeBytes: bigint): boolean {
    return sizeBytes >= this.#atLeast && sizeBytes <= this.#atMost;
  }

  describe(): unknown {
    const { name, tag } = this;
    return { name, tag, sizes: [this.#atLeast, this.#atMost], changes: this.#changes };
  }
}

/** A snapshot that somebody was told of. */
export interface KnownSnapshot {
  readonly id: string;
  readonly sizeBytes: bigint;
  /** The patterns that it may hold: several where a call that took it was not answered. */
  readonly tags: ReadonlySet<string>;
  /** Its deletion was asked for, and answered. */
  deletion: 'none' | 'asked' | 'done';
}

/** What is known of the snapshots. Each has an id that no other one ever has. */
export class SnapshotModel {
  readonly known = new Map<string, KnownSnapshot>();
  /** Calls that may have taken a snapshot and were not answered, by name and volume: the patterns it may hold. */
  readonly unanswered = new Map<string, { name: string; volumeId: string; tags: Set<string> }>();

  taken(
    request: { readonly name: string; readonly volumeId: string; readonly tag: string },
    answer: Answer<{ readonly id: string; readonly sizeBytes: bigint }>,
  ): void {
    const { name, volumeId, tag } = request;
    const call = `${name} of ${volumeId}`;
    if (isUnknown(answer)) {
      const entry = this.unanswered.get(call) ?? { name, volumeId, tags: new Set() };
      entry.tags.add(tag);
      this.unanswered.set(call, entry);
    }
    if (answer.value === undefined || this.known.has(answer.value.id)) return;
    const tags = new Set([tag, ...(this.unanswered.get(call)?.tags ?? [])]);
    this.known.set(answer.value.id, { ...answer.value, tags, deletion: 'none' });
  }

  /** What a listing must not lack, and what it must not show. */
  wrongIn(listed: ReadonlySet<string>): unknown {
    const all = [...this.known.values()];
    return {
      lost: all.filter(({ id, deletion }) => deletion === 'none' && !listed.has(id)),
      undead: all.filter(({ id, deletion }) => deletion === 'done' && listed.has(id)),
      unknown: this.unanswered.size > 0 ? [] : [...listed].filter((id) => !this.known.has(id)),
    };
  }
}
