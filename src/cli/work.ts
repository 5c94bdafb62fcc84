import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Work } from '../proto/pannier/admin/v1/admin_pb.js';
import { askIfAdmin } from './admin.js';
import type { Plugin } from './plugin.js';

/** Background work on a volume; the keys are those of -json and -t. */
export interface VolumeWork {
  readonly kind: string;
  readonly percent: number;
}

/** Background work of one kind. */
export interface WorkCount {
  readonly kind: string;
  readonly count: number;
  /** Of these, deleted volumes that are kept for now. */
  readonly waiting: number;
}

/** What the background does to a volume that is there; null where the plugin does not tell. */
export async function workOn(plugin: Plugin, volumeId: string): Promise<VolumeWork[] | null> {
  const answer = await askIfAdmin(plugin, (admin) => admin.listWork({}));
  if (answer === null) return null;
  const { Work_Kind: Kind } = await import('../proto/pannier/admin/v1/admin_pb.js');
  // What is to be freed is another volume, which had the same handle before.
  return answer.work
    .filter((work) => work.volumeId === volumeId && work.kind === Kind.FLATTEN_IMAGE)
    .map(({ kind, percent }) => ({ kind: Kind[kind], percent }));
}

/** For a person: "Flattening 37 %". */
export function describeWork({ percent }: VolumeWork): string {
  return `Flattening ${percent} %`;
}

/** All background work, counted; null where the plugin does not tell. */
export async function countWork(plugin: Plugin): Promise<WorkCount[] | null> {
  const answer = await askIfAdmin(plugin, (admin) => admin.listWork({}));
  if (answer === null) return null;
  const { Work_Kind: Kind } = await import('../proto/pannier/admin/v1/admin_pb.js');
  return [Kind.FREE_IMAGE, Kind.REMOVE_SNAPSHOT, Kind.FLATTEN_IMAGE].map((kind) => {
    const all = answer.work.filter((work) => work.kind === kind);
    return { kind: Kind[kind], count: all.length, waiting: all.filter(waits).length };
  });
}

function waits({ until }: Work): boolean {
  return until !== undefined && timestampMs(until) > Date.now();
}
