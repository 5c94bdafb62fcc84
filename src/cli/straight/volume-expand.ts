import { capabilityOf } from '../capabilities.js';
import { type MountRecord, Mounts, mountsFolder } from '../mounts.js';
import type { Output } from '../output.js';
import { ifOffered, openPlugin, type Plugin } from '../plugin.js';
import { sizeInWords } from '../sizes.js';
import { type MountUsage, mountUsage } from '../usage.js';
import { findVolume } from '../volumes.js';

/** Where a volume is on a node, as NodeExpandVolume wants to know it. */
interface Place {
  readonly volumePath: string;
  readonly stagingTargetPath: string;
  readonly volumeCapability?: ReturnType<typeof capabilityOf>;
}

/**
 * Grows a volume straight through a controller, and its file systems where `volume mount` has it here and where the
 * node has it that is at the same endpoint, whoever asked for that.
 */
export async function expandStraight(
  output: Output,
  endpoint: string,
  volume: string,
  requiredBytes: bigint,
  given: Readonly<Record<string, string>>,
): Promise<void> {
  const capacityRange = { requiredBytes };
  const secrets = { ...given };
  await using plugin = openPlugin(endpoint);
  const { id, capacityBytes: before } = await output.progress(
    'Looking the volume up',
    findVolume(plugin, volume),
  );
  output.monitor(
    requiredBytes > before
      ? `Growing volume "${id}" from ${sizeInWords(before)} to ${sizeInWords(requiredBytes)}`
      : `Volume "${id}" has ${sizeInWords(before)}, and ${sizeInWords(requiredBytes)} are asked for`,
  );
  const answer = await output.progress(
    'ControllerExpandVolume',
    plugin.controller.controllerExpandVolume({ volumeId: id, capacityRange, secrets }),
  );
  if (answer.capacityBytes > before)
    output.monitor(`The volume has ${sizeInWords(answer.capacityBytes)} now`);
  const mounts = (await new Mounts(mountsFolder(endpoint)).list()).filter(
    ({ volumeId }) => volumeId === id,
  );
  const places = answer.nodeExpansionRequired
    ? [...mounts.map(placeOf), ...(await otherPlaces(plugin, id, mounts))]
    : [];
  for (const place of places) {
    output.monitor(`Growing it at ${place.volumePath}`);
    await output.progress(
      'NodeExpandVolume',
      plugin.node.nodeExpandVolume({ volumeId: id, ...place, capacityRange, secrets }),
    );
  }
  const { capacityBytes } = answer;
  const usages = await Promise.all(mounts.map((mount) => mountUsage(plugin, mount)));
  await output.data(
    {
      id,
      previousBytes: before,
      capacityBytes,
      grownAt: places.map(({ volumePath }) => volumePath),
      mounts: usages,
    },
    () =>
      [
        capacityBytes > before
          ? `Volume "${id}" had ${sizeInWords(before)} and has ${sizeInWords(capacityBytes)} now`
          : `Volume "${id}" has ${sizeInWords(capacityBytes)} already`,
        ...usages.map(describeUsage),
      ].join('\n'),
  );
}

function placeOf(mount: MountRecord): Place {
  const { targetPath: volumePath, stagingPath: stagingTargetPath } = mount;
  return { volumePath, stagingTargetPath, volumeCapability: capabilityOf(mount) };
}

/** Where the node at the same endpoint has the volume besides, for an orchestrator that is not there to ask. */
async function otherPlaces(
  plugin: Plugin,
  volumeId: string,
  mounts: readonly MountRecord[],
): Promise<Place[]> {
  const admin = await plugin.nodeAdmin();
  const found = await ifOffered(admin.inspectVolume({ volumeId }));
  const known = mounts.map(({ stagingPath }) => stagingPath);
  return (found?.stagings ?? [])
    .filter(({ path, state }) => state === 'staged' && !known.includes(path))
    .map(({ path, targets: [target] }) => ({
      volumePath: target?.path ?? path,
      stagingTargetPath: path,
    }));
}

function describeUsage({ path, attachmentMode, totalBytes, problem }: MountUsage): string {
  const what = attachmentMode === 'block-device' ? 'device' : 'file system';
  return totalBytes === null
    ? `The size of its ${what} at ${path} is not known: ${problem ?? 'the plugin does not tell it'}`
    : `Its ${what} at ${path} has ${sizeInWords(totalBytes)}`;
}
