import koffi, { type LibraryHandle } from 'koffi';
import { fail } from '../volume/errors.js';

/** A pointer that a library gave; the name keeps handles of different kinds apart. */
export type Handle<Name extends string> = bigint & { readonly handle: Name };
export type Rados = Handle<'rados_t'>;
export type IoContext = Handle<'rados_ioctx_t'>;
export type RbdImage = Handle<'rbd_image_t'>;

/** Memory that a library reads or writes: stable for as long as the buffer is referenced. */
type Memory = Buffer | bigint | null;
type Text = string | Buffer | null;
type Extent = (offset: number | bigint, length: number | bigint, exists: number) => number;

/** Each C type that is declared below: what JavaScript passes for it. */
interface Values {
  void: undefined;
  bool: boolean;
  int: number;
  uint8_t: number;
  int64_t: number | bigint;
  uint64_t: number | bigint;
  size_t: number | bigint;
  'char *': bigint;
  'const char *': Text;
  'const char **': readonly string[];
  'const size_t *': readonly number[];
  rados_t: Rados;
  rados_ioctx_t: IoContext;
  rados_write_op_t: Handle<'rados_write_op_t'>;
  rados_read_op_t: Handle<'rados_read_op_t'>;
  rados_omap_iter_t: Handle<'rados_omap_iter_t'>;
  rbd_image_t: RbdImage;
  rbd_image_options_t: Handle<'rbd_image_options_t'>;
  'void *': null;
  'unsigned char *': Memory;
  'bool *': Memory;
  'int *': Memory;
  'size_t *': Memory;
  'uint64_t *': Memory;
  'char **': Memory;
  'time_t *': null;
  'struct timeval *': Memory;
  'rados_t *': Memory;
  'rados_ioctx_t *': Memory;
  'rados_omap_iter_t *': Memory;
  'rbd_image_t *': Memory;
  'rbd_image_options_t *': Memory;
  'rbd_image_watcher_t *': Memory;
  'rbd_trash_image_info_t *': Memory;
  librbd_progress_fn_t: null;
  'int (*)(uint64_t, size_t, int, void *)': Extent;
}

export type CType = keyof Values;
/** What a function returns, then what it takes. */
export type Declaration = readonly [CType, ...CType[]];

/**
 * Every function that is used, as rados/librados.h and rbd/librbd.h declare it; qualifiers `const` inside
 * and behind a pointer are left out. A wrong line ends the process: a test holds each against the headers.
 */
export const RADOS_FUNCTIONS = {
  rados_create2: ['int', 'rados_t *', 'const char *', 'const char *', 'uint64_t'],
  rados_conf_read_file: ['int', 'rados_t', 'const char *'],
  rados_conf_set: ['int', 'rados_t', 'const char *', 'const char *'],
  rados_connect: ['int', 'rados_t'],
  rados_shutdown: ['void', 'rados_t'],
  rados_getaddrs: ['int', 'rados_t', 'char **'],
  rados_buffer_free: ['void', 'char *'],
  // biome-ignore format: one function, one line
  rados_mon_command: ['int', 'rados_t', 'const char **', 'size_t', 'const char *', 'size_t', 'char **', 'size_t *', 'char **', 'size_t *'],
  rados_pool_lookup: ['int64_t', 'rados_t', 'const char *'],
  rados_ioctx_create: ['int', 'rados_t', 'const char *', 'rados_ioctx_t *'],
  rados_ioctx_destroy: ['void', 'rados_ioctx_t'],
  rados_ioctx_get_id: ['int64_t', 'rados_ioctx_t'],
  rados_ioctx_set_namespace: ['void', 'rados_ioctx_t', 'const char *'],
  rados_set_pool_full_try: ['void', 'rados_ioctx_t'],
  rados_read: ['int', 'rados_ioctx_t', 'const char *', 'char *', 'size_t', 'uint64_t'],
  // biome-ignore format: one function, one line
  rados_lock_exclusive: ['int', 'rados_ioctx_t', 'const char *', 'const char *', 'const char *', 'const char *', 'struct timeval *', 'uint8_t'],
  rados_unlock: ['int', 'rados_ioctx_t', 'const char *', 'const char *', 'const char *'],

  rados_create_write_op: ['rados_write_op_t'],
  rados_release_write_op: ['void', 'rados_write_op_t'],
  rados_write_op_create: ['void', 'rados_write_op_t', 'int', 'const char *'],
  rados_write_op_assert_exists: ['void', 'rados_write_op_t'],
  // biome-ignore format: one function, one line
  rados_write_op_omap_cmp2: ['void', 'rados_write_op_t', 'const char *', 'uint8_t', 'const char *', 'size_t', 'size_t', 'int *'],
  // biome-ignore format: one function, one line
  rados_write_op_omap_set2: ['void', 'rados_write_op_t', 'const char **', 'const char **', 'const size_t *', 'const size_t *', 'size_t'],
  // biome-ignore format: one function, one line
  rados_write_op_omap_rm_keys2: ['void', 'rados_write_op_t', 'const char **', 'const size_t *', 'size_t'],
  // biome-ignore format: one function, one line
  rados_write_op_exec: ['void', 'rados_write_op_t', 'const char *', 'const char *', 'const char *', 'size_t', 'int *'],
  // biome-ignore format: one function, one line
  rados_write_op_operate: ['int', 'rados_write_op_t', 'rados_ioctx_t', 'const char *', 'time_t *', 'int'],

  rados_create_read_op: ['rados_read_op_t'],
  rados_release_read_op: ['void', 'rados_read_op_t'],
  // biome-ignore format: one function, one line
  rados_read_op_omap_get_vals2: ['void', 'rados_read_op_t', 'const char *', 'const char *', 'uint64_t', 'rados_omap_iter_t *', 'unsigned char *', 'int *'],
  // biome-ignore format: one function, one line
  rados_read_op_omap_get_vals_by_keys2: ['void', 'rados_read_op_t', 'const char **', 'size_t', 'const size_t *', 'rados_omap_iter_t *', 'int *'],
  rados_read_op_operate: ['int', 'rados_read_op_t', 'rados_ioctx_t', 'const char *', 'int'],
  // biome-ignore format: one function, one line
  rados_omap_get_next2: ['int', 'rados_omap_iter_t', 'char **', 'char **', 'size_t *', 'size_t *'],
  rados_omap_get_end: ['void', 'rados_omap_iter_t'],
} as const satisfies Record<string, Declaration>;

export const RBD_FUNCTIONS = {
  rbd_image_options_create: ['void', 'rbd_image_options_t *'],
  rbd_image_options_destroy: ['void', 'rbd_image_options_t'],
  rbd_image_options_set_string: ['int', 'rbd_image_options_t', 'int', 'const char *'],
  rbd_image_options_set_uint64: ['int', 'rbd_image_options_t', 'int', 'uint64_t'],
  rbd_create4: ['int', 'rados_ioctx_t', 'const char *', 'uint64_t', 'rbd_image_options_t'],
  rbd_remove: ['int', 'rados_ioctx_t', 'const char *'],
  rbd_open: ['int', 'rados_ioctx_t', 'const char *', 'rbd_image_t *', 'const char *'],
  rbd_open_read_only: ['int', 'rados_ioctx_t', 'const char *', 'rbd_image_t *', 'const char *'],
  rbd_close: ['int', 'rbd_image_t'],
  rbd_get_size: ['int', 'rbd_image_t', 'uint64_t *'],
  rbd_get_features: ['int', 'rbd_image_t', 'uint64_t *'],
  // biome-ignore format: one function, one line
  rbd_resize2: ['int', 'rbd_image_t', 'uint64_t', 'bool', 'librbd_progress_fn_t', 'void *'],
  // biome-ignore format: one function, one line
  rbd_diff_iterate2: ['int', 'rbd_image_t', 'const char *', 'uint64_t', 'uint64_t', 'uint8_t', 'uint8_t', 'int (*)(uint64_t, size_t, int, void *)', 'void *'],
  rbd_watchers_list: ['int', 'rbd_image_t', 'rbd_image_watcher_t *', 'size_t *'],
  rbd_watchers_list_cleanup: ['void', 'rbd_image_watcher_t *', 'size_t'],
  rbd_trash_move: ['int', 'rados_ioctx_t', 'const char *', 'uint64_t'],
  rbd_trash_list: ['int', 'rados_ioctx_t', 'rbd_trash_image_info_t *', 'size_t *'],
  rbd_trash_list_cleanup: ['void', 'rbd_trash_image_info_t *', 'size_t'],
  rbd_trash_remove: ['int', 'rados_ioctx_t', 'const char *', 'bool'],
  rbd_namespace_exists: ['int', 'rados_ioctx_t', 'const char *', 'bool *'],
  rbd_namespace_list: ['int', 'rados_ioctx_t', 'char *', 'size_t *'],
} as const satisfies Record<string, Declaration>;
