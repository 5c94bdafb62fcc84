import { parseClaim } from '../create/claim.js';
import { VolumeError } from '../errors.js';
import { findImage } from '../find.js';
import type {
  Cluster,
  Image,
  ImageSnapshot,
  ImageSpec,
  Index,
  Indexes,
  Place,
  StoredTask,
  TrashedImage,
} from '../store.js';
import { parseTask, type Task, taskOf } from '../work/tasks.js';
import type { IndexName } from '../work/worker.js';
import { fewAtOnce } from './at-once.js';

/** Index entries read at a time. */
const BATCH = 1024;

export interface FoundTask {
  readonly index: IndexName;
  readonly stored: StoredTask;
  /** Undefined where this version cannot read it. */
  readonly task: Task | undefined;
}

/** The images of a pool and namespace. */
export interface Ground {
  readonly place: Place;
  /** RBD's ids by name, as the directory has them. */
  readonly named: ReadonlyMap<string, string>;
  readonly trashed: readonly TrashedImage[];
}

/**
 * What there is in a cluster, read in the order in which calls let go of things: entries, then tasks, then images
 * and their headers. What leaves an entry leaves a task in the same operation, so that it is seen in one or the
 * other. What comes to be meanwhile may be missed, and is found by a later survey.
 */
export class Survey {
  readonly #images = new Map<string, Promise<Image | undefined>>();
  readonly #snapshots = new Map<string, Promise<readonly ImageSnapshot[] | undefined>>();
  readonly #taskIds: ReadonlySet<string>;
  readonly #helpers: ReadonlySet<string>;
  readonly #namesById = new Map<string, string>();
  readonly #trash = new Map<string, TrashedImage>();

  private constructor(
    private readonly cluster: Cluster,
    readonly names: ReadonlyMap<string, string>,
    readonly snapshotNames: ReadonlyMap<string, string>,
    readonly tasks: readonly FoundTask[],
    readonly grounds: readonly Ground[],
    private readonly others: readonly Listed[],
  ) {
    const allTasks = [tasks, ...others.map((other) => other.tasks)].flat();
    const allNames = [names, ...others.map((other) => other.names)];
    this.#taskIds = new Set(
      allTasks.map(({ stored, task }) => (task === undefined ? stored.id : taskOf(task).id)),
    );
    this.#helpers = new Set(
      allNames.flatMap((entries) => [...entries.values()].flatMap(helpersOf)),
    );
    for (const { place, named, trashed } of grounds) {
      for (const [name, id] of named) this.#namesById.set(idPath(place, id), name);
      for (const image of trashed) this.#trash.set(idPath(place, image.id), image);
    }
  }

  static async take(cluster: Cluster): Promise<Survey> {
    const { names, snapshotNames, tasks } = await listAll(cluster);
    const others = await fewAtOnce(await cluster.indexesElsewhere(), (indexes) =>
      ifAllowed(listAll(indexes), NO_ENTRIES),
    );
    const grounds = await fewAtOnce(await placesOf(cluster), async (place) => ({
      place,
      named: await cluster.listImages(place),
      trashed: await cluster.listTrash(place),
    }));
    return new Survey(cluster, names, snapshotNames, tasks, grounds, others);
  }

  /** True for a name that another installation has in its own index: what has it is that one's to examine. */
  isElsewhere(index: IndexName, key: string): boolean {
    return this.others.some((other) => other[index].has(key));
  }

  /** The image that has a name. */
  image(spec: ImageSpec): Promise<Image | undefined> {
    const path = `${spec.pool}/${spec.namespace}/${spec.image}`;
    return once(this.#images, path, () => findImage(this.cluster, spec));
  }

  /** The image with an id, in the trash or not. */
  imageById(place: Place, id: string): Promise<Image | undefined> {
    return once(this.#images, `id ${idPath(place, id)}`, () =>
      ifThere(this.cluster.readImageById(place, id)),
    );
  }

  /** The snapshots that a user sees of an image. */
  async snapshots(place: Place, id: string): Promise<readonly ImageSnapshot[]> {
    return (await this.allSnapshots(place, id)).filter(({ kind }) => kind === 'user');
  }

  /** All snapshots that keep an image, those that only clones hold included. */
  async allSnapshots(place: Place, id: string): Promise<readonly ImageSnapshot[]> {
    const all = await once(this.#snapshots, idPath(place, id), () =>
      ifThere(this.cluster.snapshots(place, id)),
    );
    return all ?? [];
  }

  /** The name that the directory has for an id. */
  nameOf(place: Place, id: string): string | undefined {
    return this.#namesById.get(idPath(place, id));
  }

  /** True where the directory or the trash lists it. */
  isSomewhere(place: Place, id: string): boolean {
    return this.nameOf(place, id) !== undefined || this.inTrash(place, id) !== undefined;
  }

  inTrash(place: Place, id: string): TrashedImage | undefined {
    return this.#trash.get(idPath(place, id));
  }

  /** True where such a task is left to do already, whatever its progress, and however often. */
  hasTask(task: Task): boolean {
    return this.#taskIds.has(taskOf(task).id);
  }

  /** True for a snapshot that a creation under way, or one that it replaced, may have taken of an image. */
  isHelper(place: Place, id: string, snapshot: string): boolean {
    return this.#helpers.has(`${idPath(place, id)}@${snapshot}`);
  }
}

const idPath = ({ pool, namespace }: Place, id: string) => `${pool}/${namespace}/${id}`;

function helpersOf(entry: string): string[] {
  const claim = parseClaim(entry);
  if (claim === undefined) return [];
  return [claim.helper, ...claim.replaces.map(({ helper }) => helper)]
    .filter((helper) => helper !== undefined)
    .map((helper) => `${idPath(helper, helper.imageId)}@${helper.snapshot}`);
}

async function readAll(index: Index): Promise<ReadonlyMap<string, string>> {
  const all = new Map<string, string>();
  for (let after: string | undefined; ; ) {
    const page = await index.list(after, BATCH);
    for (const { key, value } of page) all.set(key, value);
    if (page.length < BATCH) return all;
    after = page.at(-1)?.key;
  }
}

/** All that an installation's indexes hold. */
interface Listed {
  readonly names: ReadonlyMap<string, string>;
  readonly snapshotNames: ReadonlyMap<string, string>;
  readonly tasks: readonly FoundTask[];
}

const NO_ENTRIES: Listed = { names: new Map(), snapshotNames: new Map(), tasks: [] };

/** The entries first, and then the tasks. */
async function listAll(indexes: Indexes): Promise<Listed> {
  const [names, snapshotNames] = await Promise.all([
    readAll(indexes.names),
    readAll(indexes.snapshotNames),
  ]);
  const tasks = await Promise.all([tasksOf(indexes, 'names'), tasksOf(indexes, 'snapshotNames')]);
  return { names, snapshotNames, tasks: tasks.flat() };
}

async function tasksOf(indexes: Indexes, index: IndexName): Promise<FoundTask[]> {
  const all = await indexes[index].listTasks();
  return all.map((stored) => ({ index, stored, task: parseTask(stored.value) }));
}

/** Every pool and namespace that the plugin's user may look at. */
async function placesOf(cluster: Cluster): Promise<Place[]> {
  const found = await fewAtOnce(await cluster.listPools(), async (pool) => {
    const namespaces = await ifAllowed(cluster.listNamespaces(pool), []);
    return namespaces.map((namespace) => ({ pool, namespace }));
  });
  return found.flat();
}

/** What the plugin's user may not look at it did not make, and a pool may be gone since it was listed. */
async function ifAllowed<T>(reading: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof VolumeError && PASSED_OVER.includes(error.kind)) return otherwise;
    throw error;
  }
}

const PASSED_OVER = ['cluster-denied', 'unknown-pool'];

/** Nothing is in a pool that is gone. */
async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof VolumeError && error.kind === 'unknown-pool') return undefined;
    throw error;
  }
}

function once<T>(known: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const reading = known.get(key) ?? read();
  known.set(key, reading);
  return reading;
}
