import { CONSTANTS } from './declarations.js';
import { check } from './errno.js';
import { call, callAsync, copyBytes, type Handle, type IoCtx, Memory } from './native.js';

type ReadOp = Handle<'rados_read_op_t'>;
type WriteOp = Handle<'rados_write_op_t'>;

/** One step of a compound operation on an object: it adds itself, and the object does all steps or none. */
export type Write = (op: WriteOp) => void;

/**
 * Does several steps to one object in one RADOS operation, all or none. `flags` are those of librados for an
 * operation. Throws CephError.
 */
export async function write(
  io: IoCtx,
  object: string,
  operation: string,
  steps: readonly Write[],
  flags = 0,
): Promise<void> {
  const op = call('rados_create_write_op');
  try {
    for (const step of steps) step(op);
    check(await callAsync('rados_write_op_operate2', op, io, object, null, flags), operation);
  } finally {
    call('rados_release_write_op', op);
  }
}

/** Makes the object where there is none. */
export const create: Write = (op) =>
  call('rados_write_op_create', op, CONSTANTS.LIBRADOS_CREATE_IDEMPOTENT, null);

/** Makes the object; fails with EEXIST where there is one. */
export const createExclusively: Write = (op) =>
  call('rados_write_op_create', op, CONSTANTS.LIBRADOS_CREATE_EXCLUSIVE, null);

/** Fails with ENOENT where there is no object. */
export const assertExists: Write = (op) => call('rados_write_op_assert_exists', op);

/** Fails with ECANCELED where the key has another value. Undefined: where it has one that is not empty. */
export function expect(key: string, value: string | undefined): Write {
  const [name, bytes] = [Buffer.from(key), Buffer.from(value ?? '')];
  const equal = CONSTANTS.LIBRADOS_CMPXATTR_OP_EQ;
  return (op) =>
    call('rados_write_op_omap_cmp2', op, name, equal, bytes, name.length, bytes.length, null);
}

/** Fails with CONTENT_DIFFERS or more where the object does not begin with these bytes. */
export function expectContent(bytes: Buffer): Write {
  return (op) => call('rados_write_op_cmpext', op, bytes, bytes.length, 0, null);
}

/** What a failed expectContent answers, plus where the difference is. */
export const CONTENT_DIFFERS = 4095;

/** Removes the object. */
export const removeObject: Write = (op) => call('rados_write_op_remove', op);

/** Sets a key of the object's map. */
export function set(key: string, value: string): Write {
  const [name, bytes] = [Buffer.from(key), Buffer.from(value)];
  return (op) =>
    call('rados_write_op_omap_set2', op, [name], [bytes], [name.length], [bytes.length], 1);
}

/** Removes a key of the object's map; a key that is not there is fine. */
export function remove(key: string): Write {
  const name = Buffer.from(key);
  return (op) => call('rados_write_op_omap_rm_keys2', op, [name], [name.length], 1);
}

/** Calls a method of an object class. */
export function exec(objectClass: string, method: string, input: Buffer): Write {
  return (op) => call('rados_write_op_exec', op, objectClass, method, input, input.length, null);
}

/** Entries of an object's map, by key. */
export type Entries = ReadonlyMap<string, Buffer>;

/** What is read of an object's map. */
export interface Query {
  /** These keys, where they are there. */
  readonly keys?: readonly string[];
  /** And those that begin with this and come after `after`, at most `limit`. */
  readonly range?: { readonly prefix: string; readonly after: string; readonly limit: number };
}

/** Offsets in the memory that a read's steps write to. */
const KEYS = { iterator: 0, result: 8 } as const;
const RANGE = { iterator: 16, result: 24, more: 32 } as const;
const READ_BYTES = 40;

/** Reads parts of an object's map in one RADOS operation. Throws CephError: ENOENT where there is none. */
export async function readMap(
  io: IoCtx,
  object: string,
  operation: string,
  query: Query,
): Promise<Entries> {
  using out = new Memory(READ_BYTES);
  const op = call('rados_create_read_op');
  try {
    if (query.keys !== undefined) addKeys(op, out, query.keys);
    if (query.range !== undefined) addRange(op, out, query.range);
    check(await callAsync('rados_read_op_operate', op, io, object, 0), operation);
    const entries = new Map<string, Buffer>();
    for (const { iterator, result } of [KEYS, RANGE]) {
      check(out.int32(result), operation);
      collect(out.handle(iterator, 'rados_omap_iter_t'), entries);
    }
    return entries;
  } finally {
    for (const { iterator } of [KEYS, RANGE]) {
      const handle = out.handle(iterator, 'rados_omap_iter_t');
      if (handle !== 0n) call('rados_omap_get_end', handle);
    }
    call('rados_release_read_op', op);
  }
}

function addKeys(op: ReadOp, out: Memory, keys: readonly string[]): void {
  const names = keys.map((key) => Buffer.from(key));
  const lengths = names.map((name) => name.length);
  const { iterator, result } = KEYS;
  call(
    'rados_read_op_omap_get_vals_by_keys2',
    op,
    names,
    names.length,
    lengths,
    out.at(iterator),
    out.at(result),
  );
}

function addRange(op: ReadOp, out: Memory, range: NonNullable<Query['range']>): void {
  call(
    'rados_read_op_omap_get_vals2',
    op,
    range.after,
    range.prefix,
    range.limit,
    out.at(RANGE.iterator),
    out.at(RANGE.more),
    out.at(RANGE.result),
  );
}

function collect(iterator: Handle<'rados_omap_iter_t'>, entries: Map<string, Buffer>): void {
  if (iterator === 0n) return;
  using next = new Memory(32);
  for (;;) {
    call('rados_omap_get_next2', iterator, next.at(0), next.at(8), next.at(16), next.at(24));
    const key = next.uint64(0);
    if (key === 0n) return;
    entries.set(
      copyBytes(key, Number(next.uint64(16))).toString(),
      copyBytes(next.uint64(8), Number(next.uint64(24))),
    );
  }
}

/** Reads the first `limit` bytes of an object. Throws CephError: ENOENT where there is none. */
export async function readBytes(
  io: IoCtx,
  object: string,
  operation: string,
  limit: number,
): Promise<Buffer> {
  using out = new Memory(16 + limit);
  const op = call('rados_create_read_op');
  try {
    call('rados_read_op_read', op, 0, limit, out.at(16), out.at(0), out.at(8));
    check(await callAsync('rados_read_op_operate', op, io, object, 0), operation);
    return out.copy(16, Number(out.uint64(0)));
  } finally {
    call('rados_release_read_op', op);
  }
}
