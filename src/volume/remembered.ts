import { formatHandle, type VolumeHandle } from './handle.js';
import { LastAnswers, type Limits, type Told } from './last-answers.js';

interface Sized {
  readonly handle: VolumeHandle;
  readonly sizeBytes: bigint;
}

/**
 * What the clusters said last of their volumes and their room, for an orchestrator that gives a plugin up at the first
 * error. What this controller itself creates or deletes is known at once.
 */
export class Remembered<V extends Sized> {
  readonly #volumes: LastAnswers<readonly V[]>;
  readonly #provisioned: LastAnswers<bigint>;
  readonly #available: LastAnswers<bigint>;

  constructor(told: Told, limits?: Limits) {
    this.#volumes = new LastAnswers(told, limits);
    this.#provisioned = new LastAnswers(told, limits);
    this.#available = new LastAnswers(told, limits);
  }

  /** The volumes of a cluster; none where it never said any. */
  async volumes(cluster: string, read: () => Promise<readonly V[]>): Promise<readonly V[]> {
    return (await this.#volumes.ask(`the volumes of cluster "${cluster}"`, cluster, read)) ?? [];
  }

  /** The bytes of the volumes in a pool; undefined where they were never known. */
  provisioned(
    cluster: string,
    pool: string,
    read: () => Promise<bigint>,
  ): Promise<bigint | undefined> {
    const question = `the sizes of the volumes in pool "${pool}" of cluster "${cluster}"`;
    return this.#provisioned.ask(question, `${cluster}/${pool}`, read);
  }

  /** What can still be written to a place, in words; undefined where that was never known. */
  available(
    cluster: string,
    place: string,
    read: () => Promise<bigint>,
  ): Promise<bigint | undefined> {
    const question = `the room in ${place} of cluster "${cluster}"`;
    return this.#available.ask(question, `${cluster}/${place}`, read);
  }

  /** A volume is there that was not before; a look that was just taken may have seen it. */
  made(volume: V): void {
    const { cluster, pool } = volume.handle;
    const id = formatHandle(volume.handle);
    this.#volumes.change(cluster, (all) => [...without(all, id), volume]);
    this.#provisioned.change(`${cluster}/${pool}`, (bytes) => bytes + volume.sizeBytes);
  }

  /** A volume is not there any more. Its bytes count until the cluster says that they are free. */
  gone(volumeId: string): void {
    const cluster = volumeId.split('/')[0] ?? '';
    this.#volumes.change(cluster, (all) => without(all, volumeId));
  }
}

function without<V extends Sized>(all: readonly V[], volumeId: string): readonly V[] {
  return all.filter(({ handle }) => formatHandle(handle) !== volumeId);
}
