import { openClusters } from '../../src/rbd/clusters.js';
import { formatRestoring } from '../../src/volume/delete/restoring.js';
import { parseHandle } from '../../src/volume/handle.js';
import { DELETING_KEY, DISCARDED_KEY } from '../../src/volume/marks.js';
import { nameKey } from '../../src/volume/name.js';
import {
  parseRecord,
  RECORD_KEY,
  restoredRecord,
  type VolumeRecord,
} from '../../src/volume/record.js';
import type { Cluster, Clusters } from '../../src/volume/store.js';
import { type Task, taskOf } from '../../src/volume/work/tasks.js';
import { beginRemoval } from '../lab/begin-removal.js';
import type { LabCeph } from '../lab/ceph.js';
import { codeOf, type LabPlugin, startPlugin } from '../lab/plugin.js';

const MIB = 1n << 20n;
const BLOCK = { accessType: { case: 'block' as const, value: {} }, accessMode: { mode: 1 } };
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** Who keeps the plugins from the background work, so that what is to be found stays as it is. */
const KEEPER = 'the-test';

type IndexName = 'names' | 'snapshotNames';
const OBJECTS = { names: 'pannier.names', snapshotNames: 'pannier.snapshots' } as const;

/** What an operator can do wrong with `rbd` and `rados`, and what a controller leaves that dies. */
export class Hands {
  readonly #clusters: Clusters;
  readonly cluster: Cluster;

  constructor(
    readonly ceph: LabCeph,
    public plugin: LabPlugin,
  ) {
    this.#clusters = openClusters([ceph.settings]);
    this.cluster = this.#clusters.get(ceph.name);
  }

  close(): Promise<void> {
    return this.#clusters.close();
  }

  /** From here on until `goOn` no plugin does the background work. */
  async stopWork(): Promise<void> {
    const { folder } = this.plugin;
    await this.plugin.stop();
    if (!(await within(() => this.cluster.holdWork(KEEPER, 600))))
      throw new Error('another plugin holds the background work');
    this.plugin = await startPlugin({
      ...{ clusters: [this.ceph.settings], mode: 'controller', folder },
    });
  }

  goOn(): Promise<void> {
    return this.cluster.releaseWork(KEEPER);
  }

  async create(name: string, pool = this.ceph.pool, namespace = ''): Promise<string> {
    const request = requestOf(name, pool, namespace);
    const { volume } = await this.plugin.controller.createVolume(request);
    return volume?.volumeId ?? '';
  }

  async snap(name: string, sourceVolumeId: string): Promise<string> {
    const { snapshot } = await this.plugin.controller.createSnapshot({ name, sourceVolumeId });
    return snapshot?.snapshotId ?? '';
  }

  /** What `rbd` calls a volume or a snapshot. */
  spec(id: string): string {
    return id.slice(this.ceph.name.length + 1);
  }

  async imageId(volumeId: string): Promise<string> {
    const text = await this.ceph.rbd('info', '--format=json', this.spec(volumeId));
    return (JSON.parse(text) as { id: string }).id;
  }

  async record(volumeId: string): Promise<VolumeRecord> {
    const text = await this.ceph.rbd('image-meta', 'get', this.spec(volumeId), RECORD_KEY);
    const record = parseRecord(text.trim());
    if (record === undefined) throw new Error(`"${volumeId}" has no record: ${text}`);
    return record;
  }

  rados(...args: string[]): Promise<string> {
    return this.ceph.rados('-p', this.ceph.pool, ...args);
  }

  setEntry(index: IndexName, name: string, value: string): Promise<string> {
    return this.rados('setomapval', objectOf(index, nameKey(name)), nameKey(name), value);
  }

  removeEntry(index: IndexName, name: string): Promise<string> {
    return this.rados('rmomapkey', objectOf(index, nameKey(name)), nameKey(name));
  }

  setTask(name: string, task: Task): Promise<string> {
    const [key, { id, value }] = [nameKey(name), taskOf(task)];
    return this.rados('setomapval', objectOf('names', key), `~${key}~${id}`, value);
  }

  /** Makes a claim older than any that is under way. */
  async age(index: IndexName, name: string): Promise<void> {
    const text = (await this.cluster[index].read(nameKey(name))) ?? '';
    await this.setEntry(index, name, text.replace(/"since":\d+/, '"since":1'));
  }

  /** Marks a volume as DeleteVolume does, and goes no further. */
  async markDeleted(volumeId: string): Promise<void> {
    const mark = `${await this.imageId(volumeId)} dead`;
    await this.ceph.rbd('image-meta', 'set', this.spec(volumeId), DELETING_KEY, mark);
  }

  /** Has a controller die in a call. */
  async dieIn(
    crashAfter: 'create/create-image' | 'createSnapshot/take-snapshot',
    call: (plugin: LabPlugin) => Promise<unknown>,
  ): Promise<void> {
    const plugin = await startPlugin({
      ...{ clusters: [this.ceph.settings], mode: 'controller', crashAfter },
    });
    const code = await codeOf(call(plugin));
    if (code !== 'UNAVAILABLE' || (await plugin.ended) !== 'SIGKILL')
      throw new Error(`the controller did not die: ${code}`);
  }

  /** True for a volume that is whole: it is listed, Ceph has it, and nobody deletes it. */
  async isWhole(volumeId: string): Promise<boolean> {
    const { entries } = await this.plugin.controller.listVolumes({});
    if (!entries.some(({ volume }) => volume?.volumeId === volumeId)) return false;
    const metadata = await this.ceph.rbd('image-meta', 'ls', this.spec(volumeId));
    return metadata.includes(RECORD_KEY) && !metadata.includes(DELETING_KEY);
  }

  async isListed(snapshotId: string): Promise<boolean> {
    const { entries } = await this.plugin.controller.listSnapshots({});
    return entries.some(({ snapshot }) => snapshot?.snapshotId === snapshotId);
  }

  /** True where nothing has that id and nothing its name; the background work is given time. */
  async isGone(imageId: string, name: string): Promise<boolean> {
    const place = { pool: this.ceph.pool, namespace: '' };
    const image = () => this.cluster.readImageById(place, imageId);
    const entry = await this.cluster.names.read(nameKey(name));
    return entry === undefined && (await within(async () => (await image()) === undefined));
  }

  /** True where `rbd snap ls` comes not to show this one any more. */
  isRemoved(volumeId: string, snapshot: string): Promise<boolean> {
    return within(async () => {
      const listed = await this.ceph.rbd('snap', 'ls', this.spec(volumeId));
      return !listed.includes(snapshot);
    });
  }
}

const LIMIT_MS = 30_000;

export async function within(isSo: () => Promise<boolean>): Promise<boolean> {
  for (const limit = Date.now() + LIMIT_MS; ; ) {
    if (await isSo()) return true;
    if (Date.now() > limit) return false;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function objectOf(index: IndexName, key: string): string {
  return `${OBJECTS[index]}.${(ALPHABET.indexOf(key[0] ?? '') & 15).toString(16)}`;
}

function requestOf(name: string, pool: string, namespace = '') {
  const capacityRange = { requiredBytes: 8n * MIB };
  const parameters = { pool, ...(namespace === '' ? {} : { namespace }) };
  return { name, capacityRange, parameters, volumeCapabilities: [BLOCK] };
}

/** Does the damage under a name of its own, and answers how to see that all is well again. */
type Damage = (hands: Hands, name: string) => Promise<() => Promise<boolean>>;

/** By the kind of what the doctor must find. */
export const DAMAGES: Readonly<Record<string, Damage>> = {
  async 'image-without-entry'(hands, name) {
    const { pool } = hands.ceph;
    const namespace = `of-${name}`;
    await hands.ceph.rbd('namespace', 'create', `${pool}/${namespace}`);
    const id = await hands.create(name, pool, namespace);
    await hands.removeEntry('names', name);
    return () => hands.isWhole(id);
  },

  async 'image-taken-back'(hands, name) {
    const id = await hands.create(name);
    const imageId = await hands.imageId(id);
    await hands.plugin.controller.deleteVolume({ volumeId: id });
    await hands.ceph.rbd('trash', 'restore', '--pool', hands.ceph.pool, imageId);
    return () => hands.isWhole(id);
  },

  async 'image-of-lost-creation'(hands, name) {
    const lost = await hands.imageId(await hands.create(name));
    await hands.removeEntry('names', name);
    const id = await hands.create(name, await hands.ceph.freshPool());
    const place = { pool: hands.ceph.pool, namespace: '' };
    const isGone = () =>
      within(async () => (await hands.cluster.readImageById(place, lost)) === undefined);
    return async () => (await hands.isWhole(id)) && (await isGone());
  },

  async 'discarded-image-without-task'(hands, name) {
    const id = await hands.create(name);
    const imageId = await hands.imageId(id);
    await hands.ceph.rbd('image-meta', 'set', hands.spec(id), DISCARDED_KEY, imageId);
    await hands.removeEntry('names', name);
    return () => hands.isGone(imageId, name);
  },

  async 'unfinished-creation'(hands, name) {
    const { pool } = hands.ceph;
    await hands.dieIn('create/create-image', ({ controller }) =>
      controller.createVolume(requestOf(name, pool)),
    );
    const claim = (await hands.cluster.names.read(nameKey(name))) ?? '';
    const handle = /"handle":"([^"]+)"/.exec(claim)?.[1] ?? '';
    const imageId = await hands.imageId(handle);
    await hands.age('names', name);
    return () => hands.isGone(imageId, name);
  },

  async 'entry-without-image'(hands, name) {
    const id = await hands.create(name);
    const imageId = await hands.imageId(id);
    await hands.ceph.rbd('rm', '--no-progress', hands.spec(id));
    return () => hands.isGone(imageId, name);
  },

  async 'image-renamed'(hands, name) {
    const id = await hands.create(name);
    await hands.ceph.rbd('rename', hands.spec(id), `${hands.ceph.pool}/elsewhere`);
    return () => hands.isWhole(id);
  },

  async 'image-without-record'(hands, name) {
    const id = await hands.create(name);
    await hands.ceph.rbd('image-meta', 'rm', hands.spec(id), RECORD_KEY);
    return () => hands.isWhole(id);
  },

  async 'image-without-name'(hands, name) {
    const id = await hands.create(name);
    await hands.rados('rm', `rbd_id.${parseHandle(id)?.image}`);
    return () => hands.isWhole(id);
  },

  async 'half-made-image'(hands, name) {
    const id = await hands.create(name);
    const imageId = await hands.imageId(id);
    for (const object of ['rbd_header', 'rbd_object_map'])
      await hands.rados('rm', `${object}.${imageId}`);
    await hands.removeEntry('names', name);
    return async () =>
      !(await hands.ceph.rbd('ls', hands.ceph.pool)).includes(hands.spec(id).split('/')[1] ?? '') &&
      (await hands.create(name)) === id;
  },

  async 'unfinished-deletion'(hands, name) {
    const id = await hands.create(name);
    const imageId = await hands.imageId(id);
    await hands.markDeleted(id);
    return () => hands.isGone(imageId, name);
  },

  async 'unfinished-undeletion'(hands, name) {
    const id = await hands.create(name);
    const record = await hands.record(id);
    await hands.markDeleted(id);
    await hands.ceph.rbd('trash', 'mv', hands.spec(id));
    const task = taskOf(freeingOf(hands, id, name, record.image, Date.now()));
    const entry = formatRestoring({ record: restoredRecord(record), task });
    await hands.setEntry('names', name, entry);
    return () => hands.isWhole(id);
  },

  async 'trash-without-task'(hands, name) {
    const id = await hands.create(name);
    const imageId = await hands.imageId(id);
    await hands.markDeleted(id);
    await hands.ceph.rbd('trash', 'mv', hands.spec(id));
    await hands.removeEntry('names', name);
    return () => hands.isGone(imageId, name);
  },

  async 'tombstone-without-task'(hands, name) {
    const id = await hands.create(name);
    const imageId = await hands.imageId(id);
    await bury(hands, id, name);
    return () => hands.isGone(imageId, name);
  },

  async 'tombstone-can-go'(hands, name) {
    const id = await hands.create(name);
    const imageId = await hands.imageId(id);
    await bury(hands, id, name);
    await hands.setTask(name, freeingOf(hands, id, name, imageId, 1));
    return () => hands.isGone(imageId, name);
  },

  async 'task-for-nothing'(hands, name) {
    const id = await hands.create(name);
    const imageId = await hands.imageId(id);
    const until = Date.now() + 86_400_000;
    await hands.ceph.rbd('rm', '--no-progress', hands.spec(id));
    await hands.removeEntry('names', name);
    await hands.setTask(name, freeingOf(hands, id, name, imageId, until));
    return async () =>
      !(await hands.cluster.names.listTasks()).some(({ key }) => key === nameKey(name));
  },

  async 'snapshot-entry-without-snapshot'(hands, name) {
    const id = await hands.snap(name, await hands.create(name));
    await hands.ceph.rbd('snap', 'rm', '--no-progress', hands.spec(id));
    return async () => (await hands.cluster.snapshotNames.read(nameKey(name))) === undefined;
  },

  async 'unfinished-snapshot'(hands, name) {
    const id = await hands.create(name);
    await hands.dieIn('createSnapshot/take-snapshot', ({ controller }) =>
      controller.createSnapshot({ name, sourceVolumeId: id }),
    );
    await hands.age('snapshotNames', name);
    return () => hands.isRemoved(id, nameKey(name));
  },

  async 'snapshot-without-entry'(hands, name) {
    const id = await hands.snap(name, await hands.create(name));
    await hands.removeEntry('snapshotNames', name);
    return () => hands.isListed(id);
  },

  async 'unclaimed-snapshot'(hands, name) {
    const volume = await hands.create(name);
    const id = await hands.snap(name, volume);
    const other = `${name}-${nameKey(name)}-aaaaaa`;
    await hands.ceph.rbd('snap', 'create', '--no-progress', `${hands.spec(volume)}@${other}`);
    return async () => (await hands.isRemoved(volume, other)) && (await hands.isListed(id));
  },

  async 'helper-snapshot-left'(hands, name) {
    const volume = await hands.create(name);
    const helper = `pannier.clone.${nameKey(name)}.0123456789abcdef`;
    await hands.ceph.rbd('snap', 'create', '--no-progress', `${hands.spec(volume)}@${helper}`);
    return () => hands.isRemoved(volume, helper);
  },

  async 'half-removed-snapshot'(hands, name) {
    const volume = await hands.create(name);
    const id = await hands.snap(name, volume);
    await hands.removeEntry('snapshotNames', name);
    const [pool, imageId] = [hands.ceph.pool, await hands.imageId(volume)];
    const snapshots = () => hands.cluster.snapshots({ pool, namespace: '' }, imageId);
    const [snapshot] = (await snapshots()) ?? [];
    if (snapshot === undefined || !id.endsWith(snapshot.name)) throw new Error(`no ${id}`);
    await beginRemoval(hands.ceph, pool, imageId, snapshot.id);
    return () => within(async () => (await snapshots())?.length === 0);
  },
};

/** The work of freeing a volume. */
function freeingOf(
  { ceph }: Hands,
  handle: string,
  name: string,
  imageId: string,
  until: number,
): Task {
  return {
    ...{ kind: 'image', pool: ceph.pool, namespace: '', imageId },
    ...{ handle, name, deleted: 1, until, begun: false },
  };
}

/** What a deletion leaves of a volume with snapshots that dies before it releases the name, and then its entry. */
async function bury(hands: Hands, volumeId: string, name: string): Promise<void> {
  const imageId = await hands.imageId(volumeId);
  await hands.markDeleted(volumeId);
  const { pool } = hands.ceph;
  await hands.ceph.rbd('rename', hands.spec(volumeId), `${pool}/pannier.tombstone.${imageId}`);
  await hands.removeEntry('names', name);
}
