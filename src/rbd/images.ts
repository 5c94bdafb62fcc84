import { VolumeError } from '../volume/errors.js';
import type { Image, ImageLayout, ImageSpec, Watcher } from '../volume/store.js';
import type { Connection } from './connection.js';
import { decodeText } from './encoding.js';
import { CephError, check, EBUSY, EDOM, EEXIST, EINVAL, ENOENT, ERANGE, EROFS } from './errno.js';
import { withLock } from './lock.js';
import { headerOf, readHeader } from './metadata.js';
import {
  CONSTANTS,
  call,
  callAsync,
  FEATURES,
  type Handle,
  type IoCtx,
  layout as layoutOf,
  Memory,
} from './native.js';
import { readBytes } from './operations.js';
import { ready } from './place.js';

/** An image's id is a few dozen characters. */
const ID_BYTES = 256;
const FORMAT = 2;
/** What librbd answers to options that no image can have. */
const UNFIT: readonly number[] = [EINVAL, EDOM];

function named({ pool, namespace, image }: ImageSpec): string {
  return `image "${[pool, ...(namespace === '' ? [] : [namespace]), image].join('/')}"`;
}

/** Creates an image. Fails with unknown-namespace and unknown-pool (of the data pool too). */
export function createImage(
  connection: Connection,
  spec: ImageSpec,
  layout: ImageLayout,
): Promise<'created' | 'exists'> {
  return connection.inPool(
    spec,
    async (io, session) => {
      await ready(session, io, spec);
      if (layout.dataPool !== undefined) await session.poolId(layout.dataPool);
      const operation = `create ${named(spec)}`;
      using memory = new Memory(8);
      call('rbd_image_options_create', memory.address);
      const options = memory.handle(0, 'rbd_image_options_t');
      try {
        setOptions(options, layout, operation);
        const size = layout.sizeBytes;
        check(await callAsync('rbd_create4', io, spec.image, size, options), operation);
      } catch (error) {
        if (!(error instanceof CephError) || !UNFIT.includes(error.errno)) throw error;
        if (layout.sizeBytes > mostBytes(layout)) tooLarge(layout.sizeBytes, error);
        const problem =
          'the cluster takes no image of that size, features, object size and stripes';
        throw new VolumeError('invalid-field', { field: 'parameters', problem }, { cause: error });
      } finally {
        call('rbd_image_options_destroy', options);
      }
      return 'created' as const;
    },
    { [EEXIST]: 'exists' } as const,
  );
}

/** Of an image with the feature object-map, which librbd gives every image that asks for none. */
const MOST_OBJECTS = 256_000_000n;
const DEFAULT_OBJECT_SIZE = 1n << 22n;

function mostBytes({ objectSize = DEFAULT_OBJECT_SIZE }: ImageLayout): bigint {
  return MOST_OBJECTS * objectSize;
}

function tooLarge(sizeBytes: bigint, cause: unknown): never {
  const problem = `${sizeBytes} bytes are more than an image of its object size and features can have`;
  throw new VolumeError('capacity-out-of-range', { problem }, { cause });
}

function setOptions(
  options: Handle<'rbd_image_options_t'>,
  layout: ImageLayout,
  operation: string,
): void {
  const { features, objectSize, stripeUnit, stripeCount, dataPool } = layout;
  const set = (name: number, value: bigint | number | undefined) => {
    if (value !== undefined)
      check(call('rbd_image_options_set_uint64', options, name, value), operation);
  };
  set(CONSTANTS.RBD_IMAGE_OPTION_FORMAT, FORMAT);
  set(CONSTANTS.RBD_IMAGE_OPTION_FEATURES, features?.reduce(addFeature, 0n));
  set(CONSTANTS.RBD_IMAGE_OPTION_ORDER, objectSize && objectSize.toString(2).length - 1);
  set(CONSTANTS.RBD_IMAGE_OPTION_STRIPE_UNIT, stripeUnit);
  set(CONSTANTS.RBD_IMAGE_OPTION_STRIPE_COUNT, stripeCount);
  if (dataPool === undefined) return;
  const option = CONSTANTS.RBD_IMAGE_OPTION_DATA_POOL;
  check(call('rbd_image_options_set_string', options, option, dataPool), operation);
}

function addFeature(bits: bigint, feature: string): bigint {
  const bit = FEATURES[feature];
  if (bit !== undefined) return bits | bit;
  const problem = `unknown feature "${feature}"; known are ${Object.keys(FEATURES).join(', ')}`;
  throw new VolumeError('invalid-field', { field: 'parameters', problem });
}

/** Reads an image's header: two RADOS reads, and the image is not opened. */
export function readImage(connection: Connection, spec: ImageSpec): Promise<Image | undefined> {
  return connection.inPool(spec, async (io) => readHeader(io, await readId(io, spec)), {
    [ENOENT]: undefined,
  });
}

/** The id of the image that has a name. Throws CephError: ENOENT where there is none. */
export async function readId(io: IoCtx, spec: ImageSpec): Promise<string> {
  const operation = `read the id of ${named(spec)}`;
  const id = decodeText(await readBytes(io, `rbd_id.${spec.image}`, operation, ID_BYTES));
  if (id === undefined) throw new CephError(EINVAL, operation);
  return id;
}

/** The advisory lock on an image's header under which it grows. */
const GROW_LOCK = 'pannier.grow';

type Opened = Handle<'rbd_image_t'>;

/** Opens an image, works with it and closes it. Throws CephError: ENOENT where there is none. */
async function withImage<T>(
  io: IoCtx,
  spec: ImageSpec,
  open: 'rbd_open' | 'rbd_open_read_only',
  work: (image: Opened) => Promise<T>,
): Promise<T> {
  using memory = new Memory(8);
  check(await callAsync(open, io, spec.image, memory.address, null), `open ${named(spec)}`);
  const image = memory.handle(0, 'rbd_image_t');
  try {
    return await work(image);
  } finally {
    await callAsync('rbd_close', image);
  }
}

/** Clients that watch the image's header; one that only reads does not. */
export function watchers(connection: Connection, spec: ImageSpec): Promise<readonly Watcher[]> {
  return connection.inPool(
    spec,
    (io) =>
      withImage(io, spec, 'rbd_open_read_only', (image) =>
        listWatchers(image, `list the watchers of ${named(spec)}`),
      ),
    { [ENOENT]: [] },
  );
}

async function listWatchers(image: Opened, operation: string): Promise<readonly Watcher[]> {
  const { size, offsets } = layoutOf('rbd_image_watcher_t');
  for (let room = 8; ; room *= 2) {
    using count = new Memory(8);
    using list = new Memory(size * room);
    count.setUint64(0, room);
    const result = await callAsync('rbd_watchers_list', image, list.address, count.address);
    if (result === -ERANGE) continue;
    check(result, operation);
    const length = Number(count.uint64(0));
    const found = Array.from({ length }, (_, index) => ({
      address: bare(list.text(size * index + (offsets.addr ?? 0))),
      clientId: list.int64(size * index + (offsets.id ?? 0)),
    }));
    call('rbd_watchers_list_cleanup', list.address, length);
    return found;
  }
}

/** An address without the protocol that some versions of Ceph put before it. */
export function bare(address: string): string {
  return address.replace(/^(v1|v2|any):/, '');
}

/**
 * Grows an image and never shrinks it. librbd compares with the size that it read when it opened the image, so
 * without the feature exclusive-lock two controllers could cross: a lock of our own keeps them in line.
 */
export function growImage(
  connection: Connection,
  spec: ImageSpec,
  sizeBytes: bigint,
): Promise<'grown' | 'larger' | 'gone'> {
  return connection.inPool(
    spec,
    async (io) =>
      await withLock(io, headerOf(await readId(io, spec)), GROW_LOCK, () =>
        withImage(io, spec, 'rbd_open', (image) => grow(image, spec, connection, sizeBytes)),
      ),
    { [ENOENT]: 'gone' } as const,
  );
}

async function grow(
  image: Opened,
  spec: ImageSpec,
  { cluster }: Connection,
  sizeBytes: bigint,
): Promise<'grown' | 'larger'> {
  const operation = `resize ${named(spec)}`;
  using size = new Memory(8);
  check(await callAsync('rbd_get_size', image, size.address), operation);
  if (size.uint64(0) >= sizeBytes) return 'larger';
  const result = await callAsync('rbd_resize2', image, sizeBytes, false, null, null);
  if (result === -EINVAL) {
    // Another client grew it further meanwhile, or else no image can have that size.
    check(await callAsync('rbd_get_size', image, size.address), operation);
    if (size.uint64(0) >= sizeBytes) return 'larger';
    tooLarge(sizeBytes, new CephError(EINVAL, operation));
  }
  if (result === -EROFS || result === -EBUSY) {
    const volume = [cluster, spec.pool, spec.namespace, spec.image].filter(Boolean).join('/');
    const users = 'a client that has it for itself, as `rbd map -o exclusive` does';
    throw new VolumeError('volume-in-use', { volume, users });
  }
  check(result, operation);
  return 'grown';
}

/** True where no object of the image holds a byte. It ends at the first that does. */
export function isBlank(connection: Connection, spec: ImageSpec): Promise<boolean> {
  const operation = `look for data in ${named(spec)}`;
  return connection.inPool(spec, (io) =>
    withImage(io, spec, 'rbd_open_read_only', async (image) => {
      using size = new Memory(8);
      check(await callAsync('rbd_get_size', image, size.address), operation);
      let blank = true;
      const found = () => {
        blank = false;
        return -FOUND;
      };
      const result = await callAsync(
        'rbd_diff_iterate2',
        image,
        null,
        0,
        size.uint64(0),
        1,
        1,
        found,
        null,
      );
      if (blank) check(result, operation);
      return blank;
    }),
  );
}

/** What the callback answers to end the search. */
const FOUND = 1;
