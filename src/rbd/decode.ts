import type { ImageSnapshot, Parent } from '../volume/store.js';

/** Reads Ceph's encoding of values that follow each other. Throws RangeError where the bytes end too early. */
export class Reader {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  uint8(): number {
    this.#at += 1;
    return this.bytes.readUInt8(this.#at - 1);
  }

  uint32(): number {
    this.#at += 4;
    return this.bytes.readUInt32LE(this.#at - 4);
  }

  uint64(): bigint {
    this.#at += 8;
    return this.bytes.readBigUInt64LE(this.#at - 8);
  }

  text(): string {
    const length = this.uint32();
    this.#at += length;
    if (this.#at > this.bytes.length) throw new RangeError('a text ends too early');
    return this.bytes.toString('utf8', this.#at - length, this.#at);
  }

  /** A struct with its version before it; what later versions add behind is passed over. */
  struct<T>(read: (inside: Reader, compatible: number) => T): T {
    this.uint8();
    const compatible = this.uint8();
    const length = this.uint32();
    const end = this.#at + length;
    if (end > this.bytes.length) throw new RangeError('a struct ends too early');
    const result = read(new Reader(this.bytes.subarray(this.#at, end)), compatible);
    this.#at = end;
    return result;
  }
}

/** The parent of a clone, where the pool goes by its number. */
export type EncodedParent = Omit<Parent, 'pool'> & { readonly poolId: bigint };

/**
 * The parent of an image as its header has it (cls_rbd_parent), or undefined where nothing of the image comes from
 * it any more: a flattened image whose snapshots need the parent keeps it.
 */
export function decodeParent(bytes: Buffer): EncodedParent | undefined {
  return new Reader(bytes).struct((inside, compatible) => {
    const poolId = inside.uint64();
    // Clusters that let clients older than Nautilus in write no namespace, and the overlap bare.
    const namespace = compatible >= 2 ? inside.text() : '';
    const parent = { poolId, namespace, imageId: inside.text(), snapshotId: inside.uint64() };
    const overlaps = compatible < 2 || inside.uint8() === 1;
    return overlaps ? parent : undefined;
  });
}

const KINDS: Readonly<Record<number, ImageSnapshot['kind']>> = { 0: 'user', 2: 'trash' };

/** A snapshot's name space; in the trash, a snapshot has another name than it had. */
function decodeSpace(inside: Reader) {
  const kind = KINDS[inside.uint32()] ?? 'other';
  return { kind, formerName: kind === 'trash' ? inside.text() : undefined };
}

/** A snapshot as its image's header has it (cls_rbd_snap). */
export function decodeSnapshot(bytes: Buffer): ImageSnapshot {
  return new Reader(bytes).struct((inside, compatible) => {
    const id = inside.uint64();
    const name = inside.text();
    const sizeBytes = inside.uint64();
    if (compatible < 8) {
      // Before Nautilus: features and a parent, neither of which is used.
      inside.uint64();
      inside.struct(() => undefined);
    }
    inside.uint8();
    inside.uint64();
    const space = inside.struct(decodeSpace);
    const [seconds, nanoseconds] = [inside.uint32(), inside.uint32()];
    const created = new Date(seconds * 1000 + nanoseconds / 1e6);
    const clones = inside.uint32();
    return { id, name: space.formerName ?? name, sizeBytes, created, kind: space.kind, clones };
  });
}
