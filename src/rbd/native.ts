import koffi from 'koffi';
import { fail } from '../volume/errors.js';
import { FUNCTIONS, HANDLES, STRUCTS } from './declarations.js';

/** An address of native memory. */
export type Address = bigint;

/** A native object, which only the library that made it can look into. */
export type Handle<Name extends string> = bigint & { readonly type: Name };
export type Rados = Handle<'rados_t'>;
export type IoCtx = Handle<'rados_ioctx_t'>;

/** Called for each extent that `rbd_diff_iterate2` finds; a result below 0 ends it. */
export type ExtentCallback = (
  offset: number | bigint,
  length: number | bigint,
  exists: number,
  argument: Address | null,
) => number;

/** Called while librbd works through `total` steps. */
export type ProgressCallback = (
  offset: number | bigint,
  total: number | bigint,
  argument: Address | null,
) => number;

type Text = string | Uint8Array;

/** What JavaScript gives for a C argument; pointers that are not below are addresses. */
interface Arguments {
  int: number;
  bool: boolean;
  uint8_t: number;
  int64_t: number | bigint;
  uint64_t: number | bigint;
  size_t: number | bigint;
  'const char *': Text | null;
  'const char **': readonly Text[];
  'const char *const *': readonly Text[];
  'const size_t *': readonly number[];
  'int (*)(uint64_t, size_t, int, void *)': ExtentCallback;
  librbd_progress_fn_t: ProgressCallback | null;
}

interface Results {
  int: number;
  int64_t: number | bigint;
  uint64_t: number | bigint;
  ssize_t: number | bigint;
  void: undefined;
}

type HandleName = (typeof HANDLES)[number];
type Argument<C> = C extends keyof Arguments
  ? Arguments[C]
  : C extends HandleName
    ? Handle<C>
    : Address | null;
type Result<C> = C extends keyof Results ? Results[C] : C extends HandleName ? Handle<C> : never;

type Functions = typeof FUNCTIONS;
type FunctionName = keyof Functions;
type Named<Waiting> = {
  [N in FunctionName]: Functions[N][2] extends Waiting ? N : never;
}[FunctionName];
type ArgumentList<T extends readonly string[]> = { -readonly [I in keyof T]: Argument<T[I]> };
type ArgumentsOf<N extends FunctionName> = ArgumentList<Functions[N][1]>;
type ResultOf<N extends FunctionName> = Result<Functions[N][0]>;

type Bound = ReturnType<ReturnType<typeof koffi.load>['func']>;

let bound: ReadonlyMap<FunctionName, Bound> | undefined;

function library(): ReadonlyMap<FunctionName, Bound> {
  if (bound !== undefined) return bound;
  const rados = open('librados.so.2', 'librados2');
  const rbd = open('librbd.so.1', 'librbd1');
  for (const handle of HANDLES) koffi.pointer(handle, koffi.opaque());
  for (const [name, members] of Object.entries(STRUCTS)) koffi.struct(name, { ...members });
  koffi.proto('int pannier_extent_callback(uint64_t, size_t, int, void *)');
  koffi.proto('int pannier_progress_callback(uint64_t, uint64_t, void *)');
  const substitutes: Readonly<Record<string, string>> = {
    ssize_t: 'int64_t',
    'struct timespec *': 'void *',
    'struct timeval *': 'void *',
    'int (*)(uint64_t, size_t, int, void *)': 'pannier_extent_callback *',
    librbd_progress_fn_t: 'pannier_progress_callback *',
  };
  const functions = new Map<FunctionName, Bound>();
  for (const [name, [result, parameters]] of Object.entries(FUNCTIONS)) {
    const from = name.startsWith('rbd_') ? rbd : rados;
    const known = (type: string) => substitutes[type] ?? type;
    functions.set(name as FunctionName, from.func(name, known(result), parameters.map(known)));
  }
  bound = functions;
  return functions;
}

function open(file: string, debianPackage: string): ReturnType<typeof koffi.load> {
  try {
    return koffi.load(file);
  } catch (cause) {
    return fail(
      'tool-missing',
      { tool: file, install: `apt-get install ${debianPackage}` },
      { cause },
    );
  }
}

function find(name: FunctionName, parameters: readonly unknown[]): Bound {
  for (const parameter of parameters) {
    // A C string ends at its first NUL: what follows would silently be another name.
    if (typeof parameter === 'string' && parameter.includes('\0'))
      throw new RangeError(`${name}: a string holds a NUL character`);
  }
  const found = library().get(name);
  if (found === undefined) throw new RangeError(`${name} is not declared`);
  return found;
}

/** Calls a function that does not wait for the cluster. */
export function call<N extends Named<'returns'>>(
  name: N,
  ...parameters: ArgumentsOf<N>
): ResultOf<N> {
  return find(name, parameters)(...parameters);
}

let underWay = 0;

/** How many calls wait on threads. The process cannot end before they do, not even by process.exit(). */
export function callsUnderWay(): number {
  return underWay;
}

/**
 * Ends the process at once by _exit(2), whatever its threads are in: process.exit() would wait for calls under
 * way. Nothing is flushed and no exit handler runs.
 */
export function endProcess(code: number): never {
  koffi.load('libc.so.6').func('_exit', 'void', ['int'])(code);
  throw new Error('_exit returned');
}

/** Calls a function that may wait for the cluster, on a thread of libuv's pool. */
export function callAsync<N extends Named<'waits'>>(
  name: N,
  ...parameters: ArgumentsOf<N>
): Promise<ResultOf<N>> {
  const found = find(name, parameters);
  return new Promise((resolve, reject) => {
    underWay += 1;
    found.async(...parameters, (error: Error | null | undefined, result: ResultOf<N>) => {
      underWay -= 1;
      if (error) reject(error);
      else resolve(result);
    });
  });
}

/** How large a struct is, in bytes, and where its members are. */
export function layout(name: keyof typeof STRUCTS): {
  readonly size: number;
  readonly offsets: Readonly<Record<string, number>>;
} {
  library();
  const { size, members = {} } = koffi.type(name);
  return {
    size,
    offsets: Object.fromEntries(Object.entries(members).map(([key, { offset }]) => [key, offset])),
  };
}

/** Native memory that stays where it is until it is freed, zero at first. */
export class Memory implements Disposable {
  readonly address: Address;

  constructor(readonly bytes: number) {
    this.address = koffi.alloc('uint8_t', bytes);
    koffi.encode(this.address, 'uint8_t', new Uint8Array(bytes), bytes);
  }

  at(offset: number): Address {
    return this.address + BigInt(offset);
  }

  int32(offset: number): number {
    return koffi.decode.int32(this.at(offset));
  }

  uint64(offset: number): bigint {
    return BigInt(koffi.decode.uint64(this.at(offset)));
  }

  int64(offset: number): bigint {
    return BigInt(koffi.decode.int64(this.at(offset)));
  }

  setUint64(offset: number, value: number | bigint): void {
    koffi.encode(this.at(offset), 'uint64_t', value);
  }

  /** A handle that a function stored at `offset`; 0 where none was. */
  handle<Name extends string>(offset: number, _name: Name): Handle<Name> {
    return this.uint64(offset) as Handle<Name>;
  }

  /** The text that the pointer at `offset` points to. */
  text(offset: number): string {
    const pointer = this.uint64(offset);
    return pointer === 0n ? '' : koffi.decode.string(pointer);
  }

  /** A copy of `length` bytes of this memory. */
  copy(offset: number, length: number): Buffer {
    return copyBytes(this.at(offset), length);
  }

  [Symbol.dispose](): void {
    koffi.free(this.address);
  }
}

/** A copy of native memory. */
export function copyBytes(address: Address, length: number): Buffer {
  if (length === 0) return Buffer.alloc(0);
  return Buffer.from(koffi.decode(address, 'uint8_t', length));
}
