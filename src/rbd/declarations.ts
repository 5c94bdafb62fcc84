/**
 * Every function of librados and librbd that is called, as its C header declares it: result, arguments, and
 * whether it may wait for the cluster. A wrong line here ends the process, so a test holds all of them
 * against the installed headers; `native.ts` alone binds them.
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
  rados_pool_reverse_lookup: ['int', ['rados_t', 'int64_t', 'char *', 'size_t'], 'waits'],
  rados_wait_for_latest_osdmap: ['int', ['rados_t'], 'waits'],
  rados_application_list: ['int', ['rados_ioctx_t', 'char *', 'size_t *'], 'waits'],
  rados_ioctx_create: ['int', ['rados_t', 'const char *', 'rados_ioctx_t *'], 'waits'],
  rados_ioctx_destroy: ['void', ['rados_ioctx_t'], 'returns'],
  rados_ioctx_get_id: ['int64_t', ['rados_ioctx_t'], 'returns'],
  rados_ioctx_set_namespace: ['void', ['rados_ioctx_t', 'const char *'], 'returns'],
  rados_set_pool_full_try: ['void', ['rados_ioctx_t'], 'returns'],

  rados_notify2: [
    'int',
    ['rados_ioctx_t', 'const char *', 'const char *', 'int', 'uint64_t', 'char **', 'size_t *'],
    'waits',
  ],
  rados_list_lockers: [
    'ssize_t',
    [
      'rados_ioctx_t',
      'const char *',
      'const char *',
      'int *',
      'char *',
      'size_t *',
      'char *',
      'size_t *',
      'char *',
      'size_t *',
      'char *',
      'size_t *',
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
  rbd_clone3: [
    'int',
    [
      'rados_ioctx_t',
      'const char *',
      'const char *',
      'rados_ioctx_t',
      'const char *',
      'rbd_image_options_t',
    ],
    'waits',
  ],
  rbd_rename: ['int', ['rados_ioctx_t', 'const char *', 'const char *'], 'waits'],
  rbd_remove: ['int', ['rados_ioctx_t', 'const char *'], 'waits'],
  rbd_open: ['int', ['rados_ioctx_t', 'const char *', 'rbd_image_t *', 'const char *'], 'waits'],
  rbd_open_read_only: [
    'int',
    ['rados_ioctx_t', 'const char *', 'rbd_image_t *', 'const char *'],
    'waits',
  ],
  rbd_open_by_id: [
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
  rbd_get_features: ['int', ['rbd_image_t', 'uint64_t *'], 'waits'],
  rbd_snap_get_id: ['int', ['rbd_image_t', 'const char *', 'uint64_t *'], 'waits'],
  rbd_snap_create: ['int', ['rbd_image_t', 'const char *'], 'waits'],
  rbd_snap_remove: ['int', ['rbd_image_t', 'const char *'], 'waits'],
  rbd_snap_remove_by_id: ['int', ['rbd_image_t', 'uint64_t'], 'waits'],
  rbd_flatten_with_progress: ['int', ['rbd_image_t', 'librbd_progress_fn_t', 'void *'], 'waits'],
  rbd_rebuild_object_map: ['int', ['rbd_image_t', 'librbd_progress_fn_t', 'void *'], 'waits'],
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
  LIBRADOS_CREATE_EXCLUSIVE: 1,
  LIBRADOS_CMPXATTR_OP_EQ: 1,
  LIBRADOS_LOCK_FLAG_MAY_RENEW: 1,
  LIBRADOS_OPERATION_FULL_FORCE: 128,
  RBD_IMAGE_OPTION_FORMAT: 0,
  RBD_IMAGE_OPTION_FEATURES: 1,
  RBD_IMAGE_OPTION_ORDER: 2,
  RBD_IMAGE_OPTION_STRIPE_UNIT: 3,
  RBD_IMAGE_OPTION_STRIPE_COUNT: 4,
  RBD_IMAGE_OPTION_DATA_POOL: 10,
  RBD_IMAGE_OPTION_CLONE_FORMAT: 12,
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
] as const;
