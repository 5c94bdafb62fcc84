import type { ClusterSettings } from '../src/config/settings.js';
import { accessOf } from '../src/rbd/access.js';
import { CONSTANTS } from '../src/rbd/declarations.js';
import { check } from '../src/rbd/errno.js';
import { call, callAsync, type Handle, type IoCtx, Memory } from '../src/rbd/native.js';
import { readBytes } from '../src/rbd/operations.js';
import { Session } from '../src/rbd/session.js';

const KEY = 'bench.volume';
/** As many bytes as our record of a volume has. */
const VALUE = 'x'.repeat(150);
const VALUE_BYTES = 4096;

type Opened = Handle<'rbd_image_t'>;

/** librbd on one connection that lives long, doing the least that could do each job. */
export class Bare {
  private constructor(
    private readonly session: Session,
    private readonly pool: string,
  ) {}

  static async open(cluster: ClusterSettings): Promise<Bare> {
    return new Bare(await Session.connect(accessOf(cluster)), cluster.pool);
  }

  close(): Promise<void> {
    return this.session.shutdown();
  }

  /** Creates an image and writes one metadata key. */
  create(image: string, sizeBytes: bigint): Promise<void> {
    return this.#work(async (io) => {
      using memory = new Memory(8);
      call('rbd_image_options_create', memory.address);
      const options = memory.handle(0, 'rbd_image_options_t');
      try {
        check(await callAsync('rbd_create4', io, image, sizeBytes, options), 'create');
      } finally {
        call('rbd_image_options_destroy', options);
      }
      await opened(io, image, 'rbd_open', async (handle) =>
        check(await callAsync('rbd_metadata_set', handle, KEY, VALUE), 'write metadata'),
      );
    });
  }

  /** Opens an image for reading and reads its size and the metadata key. */
  read(image: string): Promise<void> {
    return this.#work((io) =>
      opened(io, image, 'rbd_open_read_only', async (handle) => {
        using size = new Memory(16);
        using value = new Memory(VALUE_BYTES);
        check(await callAsync('rbd_get_size', handle, size.address), 'read the size');
        size.setUint64(8, VALUE_BYTES);
        const read = callAsync('rbd_metadata_get', handle, KEY, value.address, size.at(8));
        check(await read, 'read metadata');
      }),
    );
  }

  /** Reads one small object: one request and its answer. */
  readObject(): Promise<void> {
    return this.#work(async (io) => {
      await readBytes(io, 'rbd_info', 'read an object', 64);
    });
  }

  resize(image: string, sizeBytes: bigint): Promise<void> {
    return this.#work((io) =>
      opened(io, image, 'rbd_open', async (handle) =>
        check(await callAsync('rbd_resize2', handle, sizeBytes, false, null, null), 'resize'),
      ),
    );
  }

  /** Opens an image, takes a snapshot, closes it. */
  snapshot(image: string, name: string): Promise<void> {
    return this.#work((io) =>
      opened(io, image, 'rbd_open', async (handle) =>
        check(await callAsync('rbd_snap_create', handle, name), 'snapshot'),
      ),
    );
  }

  /** Opens an image, removes a snapshot, closes it. */
  removeSnapshot(image: string, name: string): Promise<void> {
    return this.#work((io) =>
      opened(io, image, 'rbd_open', async (handle) =>
        check(await callAsync('rbd_snap_remove', handle, name), 'remove a snapshot'),
      ),
    );
  }

  /** Clones a snapshot in format 2 and writes one metadata key. */
  clone(image: string, snapshot: string, child: string): Promise<void> {
    return this.#work(async (io) => {
      using memory = new Memory(8);
      call('rbd_image_options_create', memory.address);
      const options = memory.handle(0, 'rbd_image_options_t');
      try {
        const { RBD_IMAGE_OPTION_CLONE_FORMAT: format } = CONSTANTS;
        check(call('rbd_image_options_set_uint64', options, format, 2), 'set the format');
        const cloning = callAsync('rbd_clone3', io, image, snapshot, io, child, options);
        check(await cloning, 'clone');
      } finally {
        call('rbd_image_options_destroy', options);
      }
      await opened(io, child, 'rbd_open', async (handle) =>
        check(await callAsync('rbd_metadata_set', handle, KEY, VALUE), 'write metadata'),
      );
    });
  }

  rename(image: string, to: string): Promise<void> {
    return this.#work(async (io) => {
      check(await callAsync('rbd_rename', io, image, to), 'rename');
    });
  }

  trash(image: string): Promise<void> {
    return this.#work(async (io) => {
      check(await callAsync('rbd_trash_move', io, image, 0), 'move to the trash');
    });
  }

  #work(work: (io: IoCtx) => Promise<void>): Promise<void> {
    return this.session.inPool(this.pool, '', work);
  }
}

async function opened(
  io: IoCtx,
  image: string,
  open: 'rbd_open' | 'rbd_open_read_only',
  work: (handle: Opened) => Promise<unknown>,
): Promise<void> {
  using memory = new Memory(8);
  check(await callAsync(open, io, image, memory.address, null), `open ${image}`);
  const handle = memory.handle(0, 'rbd_image_t');
  await work(handle).finally(() => callAsync('rbd_close', handle));
}
