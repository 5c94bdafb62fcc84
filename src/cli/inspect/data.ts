import { formatHandle } from '../../volume/handle.js';
import type { Gathered } from './gather.js';

/** What -json and -t have of a volume: every key is there, null where it is not known or there is none. */
export function dataOf({ nomad, mesos, ceph, nodes, findings, sources }: Gathered): unknown {
  return withNulls({
    handle: ceph ? formatHandle(ceph.handle) : nomad?.volume.ExternalID,
    nomad,
    mesos,
    record: ceph?.record,
    image: ceph?.image,
    deleted: ceph?.deleted,
    flattenedPercent: ceph?.flattenedPercent,
    gaps: ceph?.gaps ?? [],
    nodes,
    inconsistencies: findings,
    sources,
  });
}

/** The same, with null for what is undefined: a key that is missing is a typing error to a template. */
function withNulls(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(withNulls);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withNulls(one)]));
}
