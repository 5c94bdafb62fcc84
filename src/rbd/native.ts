import koffi from 'koffi';
import { fail } from '../volume/errors.js';

/**
 * Every function of librados and librbd that is called, as its C header declares it: result, arguments, and
 * whether it may wait for the cluster. A wrong line here ends the process, so a test holds all of them
 * against the installed headers, and nothing else in the tree binds natively.
 */
export const FUNCTIONS = {
  rados_create2: ['int', ['rados_t *', 'const char *', 'const char *', 'uint64_t'], 'returns'],
  rados_conf_read_file: ['int', ['rados_t', 'const char *'], 'returns'],
  rados_conf_get: ['int', ['rados_t', 'const char *', 'char *', 'size_t'], 'returns'],
  rados_conf_set: ['int', ['rados_t', 'const char *', 'const char *'], 'returns'],
  rados_connect: ['int', ['rados_t'], 'waits'],
  rados_shutdown: ['void', ['rados_t'], 'waits'],
  rados_getaddrs: ['int', ['rados_t', 'char **'], 'returns'],
  rados_buffer_free: ['void', ['char *'], 'returns'],
  rados_mon_command: [
    'int',
    [
      'rados_t',
      'const char **',
      'size_t',
      'const char *',
      'size_t',
      'char **',
      'size_t *',
      'char **',
      'size_t *',
    ],
    'waits',
  ],
  rados_pool_list: ['int', ['rados_t', 'char *', 'size_t'], 'waits'],
  rados_pool_lookup: ['int64_t', ['rados_t', 'const char *'], 'waits'],
  rados_wait_for_latest_osdmap: ['int', ['rados_t'], 'waits'],
  rados_application_list: ['int', ['rados_ioctx_t', 'char *', 'size_t *'], 'waits'],
  rados_ioctx_create: ['int', ['rados_t', 'const char *', 'rados_ioctx_t *'], 'waits'],
  rados_ioctx_destroy: ['void', ['rados_ioctx_t'], 'returns'],
  rados_ioctx_get_id: ['int64_t', ['rados_ioctx_t'], 'returns'],
  rados_ioctx_set_namespace: ['void', ['rados_ioctx_t', 'const char *'], 'returns'],
  rados_set_pool_full_try: ['void', ['rados_ioctx_t'], 'returns'],

  rados_lock_exclusive: [
    'int',
    [
      'rados_ioctx_t',
      'const char *',
      'const char *',
      'const char *',
      'const char *',
      'struct timeval *',
      'uint8_t',
    ],
    'waits',
  ],
  rados_unlock: ['int', ['rados_ioctx_t', 'const char *', 'const char *', 'const char *'], 'waits'],

  rados_create_read_op: ['rados_read_op_t', [], 'returns'],
  rados_release_read_op: ['void', ['rados_read_op_t'], 'returns'],
  rados_read_op_read: [
    'void',
    ['rados_read_op_t', 'uint64_t', 'size_t', 'char *', 'size_t *', 'int *'],
    'returns',
  ],
  rados_read_op_omap_get_vals_by_keys2: [
    'void',
    [
      'rados_read_op_t',
      'const char *const *',
      'size_t',
      'const size_t *',
      'rados_omap_iter_t *',
      'int *',
    ],
    'returns',
  ],
  rados_read_op_omap_get_vals2: [
    'void',
    [
      'rados_read_op_t',
      'const char *',
      'const char *',
      'uint64_t',
      'rados_omap_iter_t *',
      'unsigned char *',
      'int *',
    ],
    'returns',
  ],
  rados_read_op_operate: [
    'int',
    ['rados_read_op_t', 'rados_ioctx_t', 'const char *', 'int'],
    'waits',
  ],
  rados_omap_get_next2: [
    'int',
    ['rados_omap_iter_t', 'char **', 'char **', 'size_t *', 'size_t *'],
    'returns',
  ],
  rados_omap_get_end: ['void', ['rados_omap_iter_t'], 'returns'],

  rados_create_write_op: ['rados_write_op_t', [], 'returns'],
  rados_release_write_op: ['void', ['rados_write_op_t'], 'returns'],
  rados_write_op_create: ['void', ['rados_write_op_t', 'int', 'const char *'], 'returns'],
  rados_write_op_assert_exists: ['void', ['rados_write_op_t'], 'returns'],
  rados_write_op_cmpext: [
    'void',
    ['rados_write_op_t', 'const char *', 'size_t', 'uint64_t', 'int *'],
    'returns',
  ],
  rados_write_op_remove: ['void', ['rados_write_op_t'], 'returns'],
  rados_write_op_omap_cmp2: [
    'void',
    ['rados_write_op_t', 'const char *', 'uint8_t', 'const char *', 'size_t', 'size_t', 'int *'],
    'returns',
  ],
  rados_write_op_omap_set2: [
    'void',
    [
      'rados_write_op_t',
      'const char *const *',
      'const char *const *',
      'const size_t *',
      'const size_t *',
      'size_t',
    ],
    'returns',
  ],
  rados_write_op_omap_rm_keys2: [
    'void',
    ['rados_write_op_t', 'const char *const *', 'const size_t *', 'size_t'],
    'returns',
  ],
  rados_write_op_exec: [
    'void',
    ['rados_write_op_t', 'const char *', 'const char *', 'const char *', 'size_t', 'int *'],
    'returns',
  ],
  rados_write_op_operate2: [
    'int',
    ['rados_write_op_t', 'rados_ioctx_t', 'const char *', 'struct timespec *', 'int'],
    'waits',
  ],

  rbd_image_options_create: ['void', ['rbd_image_options_t *'], 'returns'],
  rbd_image_options_destroy: ['void', ['rbd_image_options_t'], 'returns'],
  rbd_image_options_set_uint64: ['int', ['rbd_image_options_t', 'int', 'uint64_t'], 'returns'],
  rbd_image_options_set_string: ['int', ['rbd_image_options_t', 'int', 'const char *'], 'returns'],
  rbd_create4: [
    'int',
    ['rados_ioctx_t', 'const char *', 'uint64_t', 'rbd_image_options_t'],
    'waits',
  ],
  rbd_remove: ['int', ['rados_ioctx_t', 'const char *'], 'waits'],
  rbd_open: ['int', ['rados_ioctx_t', 'const char *', 'rbd_image_t *', 'const char *'], 'waits'],
  rbd_open_read_only: [
    'int',
    ['rados_ioctx_t', 'const char *', 'rbd_image_t *', 'const char *'],
    'waits',
  ],
  rbd_close: ['int', ['rbd_image_t'], 'waits'],
  rbd_get_size: ['int', ['rbd_image_t', 'uint64_t *'], 'waits'],
  rbd_resize2: [
    'int',
    ['rbd_image_t', 'uint64_t', 'bool', 'librbd_progress_fn_t', 'void *'],
    'waits',
  ],
  rbd_diff_iterate2: [
    'int',
    [
      'rbd_image_t',
      'const char *',
      'uint64_t',
      'uint64_t',
      'uint8_t',
      'uint8_t',
      'int (*)(uint64_t, size_t, int, void *)',
      'void *',
    ],
    'waits',
  ],
  rbd_watchers_list: ['int', ['rbd_image_t', 'rbd_image_watcher_t *', 'size_t *'], 'waits'],
  rbd_watchers_list_cleanup: ['void', ['rbd_image_watcher_t *', 'size_t'], 'returns'],
  rbd_metadata_get: ['int', ['rbd_image_t', 'const char *', 'char *', 'size_t *'], 'waits'],
  rbd_metadata_set: ['int', ['rbd_image_t', 'const char *', 'const char *'], 'waits'],
  rbd_trash_move: ['int', ['rados_ioctx_t', 'const char *', 'uint64_t'], 'waits'],
  rbd_trash_remove: ['int', ['rados_ioctx_t', 'const char *', 'bool'], 'waits'],
  rbd_trash_list: ['int', ['rados_ioctx_t', 'rbd_trash_image_info_t *', 'size_t *'], 'waits'],
  rbd_trash_list_cleanup: ['void', ['rbd_trash_image_info_t *', 'size_t'], 'returns'],
  rbd_namespace_exists: ['int', ['rados_ioctx_t', 'const char *', 'bool *'], 'waits'],
  rbd_namespace_list: ['int', ['rados_ioctx_t', 'char *', 'size_t *'], 'waits'],
} as const satisfies Record<string, readonly [string, readonly string[], 'returns' | 'waits']>;

/** Structs that librbd fills, member by member. */
export const STRUCTS = {
  rbd_image_watcher_t: { addr: 'char *', id: 'int64_t', cookie: 'uint64_t' },
  rbd_trash_image_info_t: {
    id: 'char *',
    name: 'char *',
    source: 'int',
    deletion_time: 'int64_t',
    deferment_end_time: 'int64_t',
  },
} as const;

/** Constants of the headers, by the names that they have there. */
export const CONSTANTS = {
  LIBRADOS_CREATE_IDEMPOTENT: 0,
  LIBRADOS_CMPXATTR_OP_EQ: 1,
  RBD_IMAGE_OPTION_FORMAT: 0,
  RBD_IMAGE_OPTION_FEATURES: 1,
  RBD_IMAGE_OPTION_ORDER: 2,
  RBD_IMAGE_OPTION_STRIPE_UNIT: 3,
  RBD_IMAGE_OPTION_STRIPE_COUNT: 4,
  RBD_IMAGE_OPTION_DATA_POOL: 10,
  RBD_TRASH_IMAGE_SOURCE_USER: 0,
} as const;

/** Feature bits by the names that `rbd` gives them. */
export const FEATURES: Readonly<Record<string, bigint>> = {
  layering: 1n << 0n,
  striping: 1n << 1n,
  'exclusive-lock': 1n << 2n,
  'object-map': 1n << 3n,
  'fast-diff': 1n << 4n,
  'deep-flatten': 1n << 5n,
  journaling: 1n << 6n,
  'data-pool': 1n << 7n,
};

/** Types that are pointers to what the headers don't show. */
export const HANDLES = [
  'rados_t',
  'rados_ioctx_t',
  'rados_read_op_t',
  'rados_write_op_t',
  'rados_omap_iter_t',
  'rbd_image_t',
  'rbd_image_options_t',
  'librbd_progress_fn_t',
] as const;

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

type Text = string | Uint8Array;

/** What JavaScript gives for a C argument; pointers that are not below are addresses. */
interface Arguments {
  int: number;
  bool: boolean;
  uint8_t: number;
  uint64_t: number | bigint;
  size_t: number | bigint;
  'const char *': Text | null;
  'const char **': readonly Text[];
  'const char *const *': readonly Text[];
  'const size_t *': readonly number[];
  'int (*)(uint64_t, size_t, int, void *)': ExtentCallback;
}

interface Results {
  int: number;
  int64_t: number | bigint;
  void: undefined;
}

type HandleName = (typeof HANDLES)[number];
type Argument<C> = C extends keyof Arguments
  ? Arguments[C]
  : C extends HandleName
    ? Handle<C> | (C extends 'librbd_progress_fn_t' ? null : never)
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
  const substitutes: Readonly<Record<string, string>> = {
    'struct timespec *': 'void *',
    'struct timeval *': 'void *',
    'int (*)(uint64_t, size_t, int, void *)': 'pannier_extent_callback *',
  };
  const functions = new Map<FunctionName, Bound>();
  for (const [name, [result, parameters]] of Object.entries(FUNCTIONS)) {
    const from = name.startsWith('rbd_') ? rbd : rados;
    const types = parameters.map((type) => substitutes[type] ?? type);
    functions.set(name as FunctionName, from.func(name, result, types));
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
