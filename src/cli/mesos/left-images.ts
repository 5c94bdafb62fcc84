import { HOST_IN_MANIFEST } from '../../csi/identity.js';
import type { AgentView } from '../../mesos/view.js';
import type { InspectedImage, InspectedVolume } from '../../volume/inspect/inspected.js';
import { heldOf } from '../../volume/marks.js';
import { askController } from '../inspect/controller.js';
import type { Plugin } from '../plugin.js';
import { type ListedVolume, listVolumes } from '../volumes.js';
import type { Mendable } from './finding.js';
import { remembers } from './local.js';

/** How long objects of an image may be counted. */
const COUNT_MS = 30_000;

/** A CREATE_DISK's own name, which it gives to what it makes. */
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Where is looked. */
export interface Place {
  readonly plugin: Plugin;
  /** Reads the agents of this machine anew. */
  readonly agents: () => Promise<readonly AgentView[]>;
  /** Of those agents. */
  readonly workDirs: readonly string[];
}

/**
 * Images that a CREATE_DISK made and of which no provider knows. Volumes are listed before operations and disks are
 * read: whatever makes one of them a disk is seen then.
 */
export async function leftImages({ plugin, agents, workDirs }: Place): Promise<Mendable[]> {
  const { manifest } = await plugin.identity.getPluginInfo({});
  const volumes = (await listVolumes(plugin)).filter(({ name }) => UUID.test(name ?? ''));
  const views = volumes.length === 0 ? [] : await agents();
  const found: Mendable[] = [];
  for (const volume of volumes) {
    if (isKnown(volume, views)) continue;
    const remembered = await Promise.all(workDirs.map((one) => remembers(one, volume.id)));
    if (remembered.includes(true)) continue;
    const finding = await look(plugin, volume, manifest[HOST_IN_MANIFEST]);
    if (finding !== undefined) found.push(finding);
  }
  return found;
}

/**
 * True where Mesos has more of a volume than that the plugin lists it: such a volume is a RAW disk without a profile,
 * reserved as all of its provider is.
 */
function isKnown({ id, name }: ListedVolume, views: readonly AgentView[]): boolean {
  return views.some(
    ({ operations, uses, providers }) =>
      operations.some(({ uuid, volumeId }) => uuid === name || volumeId === id) ||
      uses.some(({ volumeId }) => volumeId === id) ||
      providers.some(({ disks, role }) =>
        disks.some(
          (disk) =>
            disk.volumeId === id &&
            (disk.type !== 'RAW' || disk.profile !== null || disk.role !== role),
        ),
      ),
  );
}

async function look(
  plugin: Plugin,
  { id, name }: ListedVolume,
  host: string | undefined,
): Promise<Mendable | undefined> {
  const seen = await askController(plugin, { volumeId: id, context: {}, countMs: COUNT_MS });
  // It has gone since, or no plugin of ours made it.
  if (!seen?.image || seen.record?.keeper !== 'pannier') return undefined;
  const finding = {
    kind: 'image-without-disk',
    subject: `volume "${id}"`,
    problem: `a CREATE_DISK (${name}) made it, and no resource provider here knows it`,
  };
  const left = reasonToLeave(seen, seen.image, host);
  if (left !== undefined)
    return { ...finding, problem: `${finding.problem}; ${left}`, remedy: null, mend: undefined };
  return {
    ...finding,
    remedy: 'delete the volume, which holds nothing',
    async mend() {
      await plugin.controller.deleteVolume({ volumeId: id });
    },
  };
}

/** Why a volume is a person's business; undefined where nothing can be lost with it. */
function reasonToLeave(
  { record }: InspectedVolume,
  image: InspectedImage,
  host: string | undefined,
): string | undefined {
  if (host === undefined)
    return 'the plugin does not have scope = "host", and the volume may be another agent\'s';
  if (record?.host !== host) return `it belongs to ${record?.host ?? 'no host'}`;
  const { published, watchers, snapshots, children, used, sizeBytes } = image;
  if (!published || !watchers || !snapshots || !children) return 'who uses it could not be told';
  if (Object.keys(heldOf(published)).length > 0) return 'it is published';
  if (watchers.some(({ works }) => !works)) return 'somebody has it open';
  if (snapshots.length > 0 || children.length > 0) return 'it has snapshots or clones';
  if (used === undefined || used.lookedAtBytes < sizeBytes)
    return 'whether it holds data could not be told';
  return used.bytes > 0n ? 'it holds data: an agent may have lost what it knew of it' : undefined;
}
