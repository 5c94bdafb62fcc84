import type { Effect } from './effects.js';
import { fail } from './errors.js';
import { formatHandle, parseHandle, type VolumeHandle } from './handle.js';
import type { Remembered } from './remembered.js';
import type { Cluster, Clusters, Credentials } from './store.js';
import type { Work } from './work/worker.js';

/** What the controller's calls stand on. */
export interface Controller {
  /** Tells this controller from every other one, in what it writes of a deletion; no spaces. */
  readonly id: string;
  readonly clusters: Clusters;
  /** The host whose volumes alone it lists and deletes; undefined: those of all. */
  readonly host: string | undefined;
  readonly effect: Effect;
  readonly work: Work;
  /** What ListVolumes and GetCapacity answer from while a cluster does not; undefined: they fail. */
  readonly remembered: Remembered<Volume> | undefined;
  /** Is told why GetCapacity answers 0 to parameters that are a mistake. */
  readonly noCapacity: (parameters: Readonly<Record<string, string>>, problem: string) => void;
  /** How long a volume that is deleted now is kept, in milliseconds. */
  readonly retentionMs: number;
  /** Lets so many milliseconds pass. */
  readonly wait: (ms: number) => Promise<unknown>;
}

/** A volume as the controller answers it. */
export interface Volume {
  readonly handle: VolumeHandle;
  /** The CSI name; '' for an image that Pannier did not create. */
  readonly name: string;
  /** The host that it belongs to; undefined where hosts were not kept apart. */
  readonly host: string | undefined;
  readonly sizeBytes: bigint;
  readonly publishedNodes: readonly string[];
  /** What it was made from, which may be gone by now. */
  readonly source: Source | undefined;
}

/** What a volume is made from: CSI's VolumeContentSource. */
export interface Source {
  readonly kind: 'snapshot' | 'volume';
  readonly id: string;
}

/** The handle in a `volume_id` and its cluster, or undefined where there can be no such volume. */
export function locate(
  controller: Controller,
  volumeId: string,
  credentials: Credentials | undefined,
): { handle: VolumeHandle; cluster: Cluster } | undefined {
  const handle = parseHandle(volumeId);
  if (handle === undefined || !controller.clusters.names.includes(handle.cluster)) return undefined;
  return { handle, cluster: controller.clusters.get(handle.cluster, credentials) };
}

/** The same, where a volume that cannot be is NOT_FOUND. */
export function mustLocate(
  controller: Controller,
  volumeId: string,
  credentials: Credentials | undefined,
): { handle: VolumeHandle; cluster: Cluster } {
  return (
    locate(controller, volumeId, credentials) ?? fail('volume-not-found', { volume: volumeId })
  );
}

export function notFound(handle: VolumeHandle): never {
  fail('volume-not-found', { volume: formatHandle(handle) });
}
