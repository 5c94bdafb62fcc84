import type { Logger } from '../observe/log.js';
import type { Effect } from '../volume/effects.js';
import { fail } from '../volume/errors.js';
import { parseHandle, type VolumeHandle } from '../volume/handle.js';
import type { Cluster, Clusters, Credentials } from '../volume/store.js';
import type { Mapper, Mapping } from './device/device.js';
import type { Records } from './records.js';
import type { VacatedRecords } from './vacated-records.js';

/** Does something with a volume once the calls for it that came before have ended. */
export type InLine = (volumeId: string, action: () => Promise<void>) => Promise<void>;

/** What the node's calls stand on. */
export interface NodeContext {
  readonly nodeId: string;
  readonly clusters: Clusters;
  readonly records: Records;
  readonly effect: Effect;
  readonly log: Logger;
  /** The ways to map that this version has; what is mapped is looked for in all of them. */
  readonly mappers: readonly Mapper[];
  /** The one that a new mapping takes. Fails with no-mapper. */
  chooseMapper(): Promise<Mapper>;
  /** Volumes whose Ceph client died on this node, and when: its watcher outlives it for a while. */
  readonly died: Map<string, Date>;
  /** Volumes that were unstaged, until it is known that nobody is kept from them by that. */
  readonly vacated: VacatedRecords;
}

/** The handle in a `volume_id` and its cluster. Fails with volume-not-found where there can be none. */
export function locateVolume(
  context: NodeContext,
  volumeId: string,
  credentials: Credentials | undefined,
): { handle: VolumeHandle; cluster: Cluster } {
  const handle = parseHandle(volumeId);
  if (handle === undefined || !context.clusters.names.includes(handle.cluster))
    fail('volume-not-found', { volume: volumeId });
  return { handle, cluster: context.clusters.get(handle.cluster, credentials) };
}

/** What is mapped of a volume, and by what. */
export async function findMapping(
  context: NodeContext,
  volumeId: string,
): Promise<{ mapper: Mapper; mapping: Mapping } | undefined> {
  for (const mapper of context.mappers) {
    const mapping = await mapper.find(volumeId);
    if (mapping !== undefined) return { mapper, mapping };
  }
  return undefined;
}
