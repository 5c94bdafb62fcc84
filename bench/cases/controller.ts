import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab.js';
import { inTurns, type Step } from '../measure.js';
import { compared, type Row } from '../report.js';
import { blank, GIB } from '../requests.js';

const TARGET = { of: 'ratio', most: 1.5 } as const;
const POLL_MS = 10;

interface Call extends Step {
  /** What bare librbd does. */
  readonly against: string;
}

/** Create, create again, expand and delete, each against librbd doing the least that could do it. */
export async function controllerCalls(lab: Lab): Promise<Row[]> {
  const { controller } = lab.controller;
  const { bare, signal } = lab;
  const ids: string[] = [];
  const volumeId = (round: number) => ids[round] ?? '';
  const image = (round: number) => `bare-${round}`;
  const create = async (round: number) => {
    const { volume } = await controller.createVolume(blank(`bench ${round}`));
    ids[round] = volume?.volumeId ?? '';
  };
  const calls: Call[] = [
    {
      name: 'CreateVolume',
      against: 'rbd_create, open, set metadata, close',
      ours: create,
      theirs: (round) => bare.create(image(round), GIB),
    },
    {
      name: 'CreateVolume again',
      against: 'open read-only, read, close',
      ours: create,
      theirs: (round) => bare.read(image(round)),
    },
    {
      name: 'ControllerExpandVolume',
      against: 'open, resize, close',
      ours: (round) =>
        controller.controllerExpandVolume({
          volumeId: volumeId(round),
          capacityRange: { requiredBytes: 2n * GIB },
        }),
      theirs: (round) => bare.resize(image(round), 2n * GIB),
    },
    {
      name: 'DeleteVolume',
      against: 'rbd_trash_move',
      ours: (round) => controller.deleteVolume({ volumeId: volumeId(round) }),
      theirs: (round) => bare.trash(image(round)),
      settle: () => purged(lab),
    },
  ];
  const times = await inTurns(calls, { rounds: lab.quick ? 10 : 100, warmUp: 5, signal });
  return calls.flatMap(({ name, against }) => {
    const pair = times.get(name);
    return pair === undefined ? [] : [compared(name, pair, against, TARGET)];
  });
}

/** Waits until the plugin has freed what it deleted. */
async function purged({ clusters, cluster, signal }: Lab): Promise<void> {
  const place = { pool: cluster.pool, namespace: '' };
  for (;;) {
    const trash = await clusters.get(cluster.name).listTrash(place);
    if (trash.every(({ name }) => name.startsWith('bare-'))) return;
    await sleep(POLL_MS, undefined, { signal });
  }
}
