import type { Lab } from '../lab.js';
import { rate } from '../measure.js';
import { compared, type Row } from '../report.js';
import { blank, GIB } from '../requests.js';
import { measureSnapshots, removed } from '../snapshot-calls.js';

const CALLERS = 8;

/** The calls of a snapshot's life by one caller and by eight, and what eight gain who share proposals. */
export async function snapshots(lab: Lab): Promise<Row[]> {
  const one = await measureSnapshots(lab, 'one', { rounds: lab.quick ? 3 : 20, width: 1 });
  const many = await measureSnapshots(lab, 'eight', { rounds: lab.quick ? 2 : 6, width: CALLERS });
  const rows = ({ call, times }: (typeof one)[number], who: string) =>
    compared(`${call.name}${who}`, times, call.against, { of: 'ratio', most: call.most });
  return [
    ...one.map((measured) => rows(measured, '')),
    ...many.map((measured) => rows(measured, `, ${CALLERS} callers`)),
    ...(await sharing(lab)),
  ];
}

/** Snapshots of eight volumes at once share proposals; one after the other none can. */
async function sharing(lab: Lab): Promise<Row[]> {
  const { controller } = lab.controller;
  const size = lab.quick ? CALLERS : 2 * CALLERS;
  const volumes: string[] = [];
  await rate(size, CALLERS, async (index) => {
    const { volume } = await controller.createVolume(blank(`sharing ${index}`));
    volumes[index] = volume?.volumeId ?? '';
    await lab.bare.create(`sharing-${index}`, GIB);
  });
  const ids: string[] = [];
  const take = async (index: number) => {
    const request = { name: `sharing ${index}`, sourceVolumeId: volumes[index] ?? '' };
    const { snapshot } = await controller.createSnapshot(request);
    ids[index] = snapshot?.snapshotId ?? '';
  };
  const drop = (index: number) => controller.deleteSnapshot({ snapshotId: ids[index] ?? '' });
  const dropWhole = async (index: number) => {
    await drop(index);
    await removed(lab);
  };
  const name = (index: number) => `sharing-${index}`;

  const takenOne = await rate(size, 1, take);
  const goneOne = await rate(size, 1, dropWhole);
  const takenMany = await rate(size, CALLERS, take);
  const goneMany = await rateUntil(size, drop, () => removed(lab));
  const bareOne = await rate(size, 1, (index) => lab.bare.snapshot(name(index), 's'));
  const bareGoneOne = await rate(size, 1, (index) => lab.bare.removeSnapshot(name(index), 's'));
  const bareMany = await rate(size, CALLERS, (index) => lab.bare.snapshot(name(index), 's'));
  const bareGone = await rate(size, CALLERS, (index) => lab.bare.removeSnapshot(name(index), 's'));
  for (const volumeId of volumes) await controller.deleteVolume({ volumeId });

  const row = (what: string, value: number, one: number, least?: number): Row => ({
    name: what,
    unit: '/s',
    value,
    rounds: size,
    against: { what: 'one after the other', value: one },
    ...(least === undefined ? {} : { target: { of: 'ratio', least } }),
  });
  return [
    row(`CreateSnapshot, ${CALLERS} at once`, takenMany, takenOne, 6),
    row(`DeleteSnapshot, ${CALLERS} at once, until RBD has none`, goneMany, goneOne, 6),
    row(`bare librbd creates, ${CALLERS} at once`, bareMany, bareOne),
    row(`bare librbd removes, ${CALLERS} at once`, bareGone, bareGoneOne),
  ];
}

/** Runs tasks as `rate` does, up to when `done` says that what they left to the background is done. */
async function rateUntil(
  count: number,
  task: (index: number) => Promise<unknown>,
  done: () => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  await rate(count, CALLERS, task);
  await done();
  return (count * 1000) / (performance.now() - began);
}
