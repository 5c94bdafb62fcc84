import { keyOfHelper } from '../create/claim.js';
import { formatHandle, HANDLE_MAX_BYTES, parseHandle } from '../handle.js';
import { nameKey } from '../name.js';
import { ownRecord } from '../record.js';
import { formatSnapshotHandle, keyOfSnapshotName } from '../snapshot/handle.js';
import { formatSnapshot, parsePending, parseSnapshot } from '../snapshot/record.js';
import type { ImageSnapshot, Place } from '../store.js';
import type { SnapshotTask } from '../work/tasks.js';
import { fewAtOnce } from './at-once.js';
import { leaveTask, placeName, type Subject, type Trouble, type Ward } from './trouble.js';

/** An RBD snapshot, and the image that has it. */
interface Found {
  readonly ward: Ward;
  readonly place: Place;
  /** The image's name and id. */
  readonly name: string;
  readonly id: string;
  readonly snapshot: ImageSnapshot;
}

/** RBD snapshots with a name of ours, whole or half removed, that neither an entry, a claim nor a task knows. */
export function straySnapshots(ward: Ward): Subject[] {
  return ward.survey.grounds.flatMap(({ place, named }) =>
    [...named].map(([name, id]) => ({
      id: `snapshots of ${place.pool}/${place.namespace}/${id}`,
      async look() {
        const all = await ward.survey.allSnapshots(place, id);
        const odd = all.filter(({ kind, name: one, clones }) => {
          if (kind === 'user') return true;
          // What removes one by its name would remove its namesake.
          const hasNamesake = all.some(({ kind, name }) => kind === 'user' && name === one);
          return kind === 'trash' && clones === 0 && !hasNamesake;
        });
        const found = odd.map((snapshot) => look({ ward, place, name, id, snapshot }));
        return (await Promise.all(found)).filter((trouble) => trouble !== undefined);
      },
    })),
  );
}

async function look(found: Found): Promise<Trouble | undefined> {
  const { ward, place, id, snapshot } = found;
  if (ward.survey.hasTask(taskOf(found))) return undefined;
  if (snapshot.kind === 'trash') return lookAtHalfRemoved(found);
  const ofClone = keyOfHelper(snapshot.name);
  if (ofClone !== undefined)
    return ward.survey.isHelper(place, id, snapshot.name) ? undefined : helper(found, ofClone);
  const key = keyOfSnapshotName(snapshot.name);
  if (key === undefined || ward.survey.isElsewhere('snapshotNames', key)) return undefined;
  const entry = ward.survey.snapshotNames.get(key);
  if (entry === undefined || entry === '') return withoutEntry(found, key);
  const known = parseSnapshot(entry) ?? parsePending(entry);
  return known === undefined || known.snapshot === snapshot.name
    ? undefined
    : unclaimed(found, key, entry);
}

function taskOf({ place: { pool, namespace }, id, snapshot }: Found): SnapshotTask {
  return { kind: 'snapshot', pool, namespace, imageId: id, snapshot: snapshot.name };
}

function subjectOf({ ward, place, name, snapshot }: Found): string {
  return `RBD snapshot "${ward.cluster.name}/${placeName(place)}/${name}@${snapshot.name}"`;
}

const REMOVE = 'leave its removal to the background work';

/**
 * A removal that was cut short inside Ceph left it in RBD's trash name space. That may be the removal of the clone
 * that it was kept for, whose own task ends it.
 */
async function lookAtHalfRemoved(found: Found): Promise<Trouble | undefined> {
  const { ward, place, id, snapshot } = found;
  const { survey } = ward;
  const ofClone = keyOfHelper(snapshot.name);
  const key = ofClone ?? keyOfSnapshotName(snapshot.name);
  if (key === undefined) return undefined;
  const index = ofClone === undefined ? 'snapshotNames' : 'names';
  const entry = survey[index].get(key);
  if (survey.isElsewhere(index, key) || survey.isHelper(place, id, snapshot.name)) return undefined;
  // An entry that still knows it is in trouble of its own, or under way.
  const known = parseSnapshot(entry) ?? parsePending(entry);
  if (known?.snapshot === snapshot.name || (await isLetGo(found))) return undefined;
  return {
    kind: 'half-removed-snapshot',
    subject: subjectOf(found),
    problem: 'its removal was begun inside Ceph and not ended, and nothing goes on with it',
    seen: snapshot.name,
    remedy: { words: REMOVE, act: () => leaveTask(ward, index, key, entry, taskOf(found)) },
  };
}

/** True where the background work is to free or to flatten a clone that was made of it. */
async function isLetGo({ ward: { survey }, id, snapshot }: Found): Promise<boolean> {
  const clones = survey.tasks.flatMap(({ task }) =>
    task === undefined || task.kind === 'snapshot' ? [] : [task],
  );
  const images = await fewAtOnce(clones, (task) => survey.imageById(task, task.imageId));
  return images.some(
    (image) => image?.parent?.imageId === id && image.parent.snapshotId === snapshot.id,
  );
}

/** The snapshot that a volume was cloned through. Nobody is ever told of one. */
function helper(found: Found, key: string): Trouble {
  const { ward, snapshot } = found;
  return {
    kind: 'helper-snapshot-left',
    subject: subjectOf(found),
    problem: 'a volume was cloned through it, and nothing removes it',
    seen: snapshot.name,
    remedy: {
      words: REMOVE,
      act: () => leaveTask(ward, 'names', key, ward.survey.names.get(key), taskOf(found)),
    },
  };
}

/** A snapshot whose name another one has: it lost its claim before anybody was told of it. */
function unclaimed(found: Found, key: string, entry: string): Trouble {
  const { ward, snapshot } = found;
  return {
    kind: 'unclaimed-snapshot',
    subject: subjectOf(found),
    problem: 'it lost its name to another snapshot before it was finished, and nothing removes it',
    seen: snapshot.name,
    remedy: {
      words: REMOVE,
      act: () => leaveTask(ward, 'snapshotNames', key, entry, taskOf(found)),
    },
  };
}

/**
 * A snapshot that no entry tells of may be one that a user was told of and whose entry was lost, so that it is never
 * removed. Its CSI name is not kept with it: the entry can be put back only where RBD's name tells it.
 */
async function withoutEntry(found: Found, key: string): Promise<Trouble> {
  const { ward, snapshot } = found;
  const csiName = snapshot.name.slice(0, Math.max(0, snapshot.name.indexOf(`-${key}-`)));
  const trouble = {
    kind: 'snapshot-without-entry',
    subject: subjectOf(found),
    problem: 'the index of snapshots has no entry for it, so that no listing shows it',
    seen: snapshot.name,
  };
  const text = nameKey(csiName) === key ? await recordText(found, csiName) : undefined;
  if (text === undefined)
    return {
      ...trouble,
      problem: `${trouble.problem}, and its name does not tell what the entry was: clone what you need of it, and remove it with \`rbd snap rm\``,
    };
  const { controller, cluster } = ward;
  return {
    ...trouble,
    remedy: {
      words: `put the entry back, as snapshot "${csiName}"`,
      async act() {
        const restored = await controller.effect('doctor/restore-snapshot-entry', () =>
          cluster.snapshotNames.swap(key, undefined, text),
        );
        return restored === 'swapped';
      },
    },
  };
}

/** The entry that a snapshot had, under the handle that its volume had; undefined where that is not known. */
async function recordText(found: Found, csiName: string): Promise<string | undefined> {
  const { ward, place, name, id, snapshot } = found;
  const image = await ward.survey.imageById(place, id);
  if (image === undefined) return undefined;
  const here = formatHandle({ cluster: ward.cluster.name, ...place, image: name });
  const source = ownRecord(image)?.handle ?? here;
  const volume = parseHandle(source);
  if (volume === undefined) return undefined;
  const handle = formatSnapshotHandle({ volume, snapshot: snapshot.name });
  if (Buffer.byteLength(handle) > HANDLE_MAX_BYTES) return undefined;
  return formatSnapshot({
    ...{ version: 1, name: csiName, handle, source },
    ...{ pool: place.pool, namespace: place.namespace, image: id, snapshot: snapshot.name },
    number: snapshot.id.toString(),
    sizeBytes: snapshot.sizeBytes.toString(),
    created: snapshot.created.toISOString(),
  });
}
