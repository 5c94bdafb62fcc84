import { removalOf } from '../snapshot/create.js';
import {
  type PendingSnapshot,
  parsePending,
  parseSnapshot,
  type SnapshotRecord,
} from '../snapshot/record.js';
import { ABANDONED_MS, entryWords, type Subject, type Trouble, type Ward } from './trouble.js';

/** Entries of the index of snapshots: those that are taken, and those that are being taken. */
export function snapshotEntries(ward: Ward): Subject[] {
  return [...ward.survey.snapshotNames]
    .filter(([, text]) => text !== '')
    .map(([key, text]) => ({ id: `snapshot entry "${key}"`, look: () => look(ward, key, text) }));
}

async function look(ward: Ward, key: string, text: string): Promise<Trouble[]> {
  const record = parseSnapshot(text);
  if (record !== undefined)
    return (await isTaken(ward, record)) ? [] : [withoutSnapshot(ward, key, text, record)];
  const pending = parsePending(text);
  if (pending !== undefined)
    return isUnderWay(pending) ? [] : [unfinished(ward, key, text, pending)];
  return [
    {
      kind: 'unreadable-entry',
      subject: entryWords(ward, 'snapshotNames', key),
      problem: `this version cannot read it, and leaves it to the one that wrote it: ${text.slice(0, 80)}`,
      seen: text,
    },
  ];
}

async function isTaken({ survey }: Ward, record: SnapshotRecord): Promise<boolean> {
  const { pool, namespace, image, snapshot } = record;
  const all = await survey.snapshots({ pool, namespace }, image);
  return all.some(({ name }) => name === snapshot);
}

function withoutSnapshot(ward: Ward, key: string, text: string, record: SnapshotRecord): Trouble {
  const { controller, cluster } = ward;
  return {
    kind: 'snapshot-entry-without-snapshot',
    subject: entryWords(ward, 'snapshotNames', key, record.name),
    problem: `somebody removed its RBD snapshot "${record.handle}"`,
    seen: text,
    remedy: {
      words: 'release the entry',
      async act() {
        const released = await controller.effect('doctor/release-snapshot', () =>
          cluster.snapshotNames.swap(key, text, undefined),
        );
        return released === 'swapped';
      },
    },
  };
}

/** A claim that tells no time is of an older version, whose controllers are gone. */
function isUnderWay({ since = 0 }: PendingSnapshot): boolean {
  return Date.now() - since < ABANDONED_MS;
}

function unfinished(ward: Ward, key: string, text: string, pending: PendingSnapshot): Trouble {
  const { controller, cluster } = ward;
  const put = [removalOf(pending)];
  return {
    kind: 'unfinished-snapshot',
    subject: entryWords(ward, 'snapshotNames', key, pending.name),
    problem: `the taking of "${pending.handle}" was begun and nobody went on`,
    seen: text,
    remedy: {
      words: 'release the name, and leave the removal of what was taken to the background work',
      async act() {
        const released = await controller.effect('doctor/release-snapshot', () =>
          cluster.snapshotNames.swap(key, text, undefined, { put }),
        );
        if (released !== 'swapped') return false;
        for (const task of put)
          controller.work.add(cluster.name, 'snapshotNames', { key, ...task });
        return true;
      },
    },
  };
}
