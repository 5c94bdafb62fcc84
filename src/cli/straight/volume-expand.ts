import { capabilityOf } from '../capabilities.js';
import { Mounts, mountsFolder } from '../mounts.js';
import type { Output } from '../output.js';
import { openPlugin } from '../plugin.js';
import { sizeInWords } from '../sizes.js';
import { type MountUsage, mountUsage } from '../usage.js';
import { findVolume } from '../volumes.js';

/** Grows a volume straight through a controller, and its file systems where they are mounted here. */
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
  for (const mount of answer.nodeExpansionRequired ? mounts : []) {
    output.monitor(`Growing it at ${mount.targetPath}`);
    await output.progress(
      'NodeExpandVolume',
      plugin.node.nodeExpandVolume({
        volumeId: id,
        volumePath: mount.targetPath,
        stagingTargetPath: mount.stagingPath,
        volumeCapability: capabilityOf(mount),
        capacityRange,
        secrets,
      }),
    );
  }
  const { capacityBytes } = answer;
  const usages = await Promise.all(mounts.map((mount) => mountUsage(plugin, mount)));
  await output.data(
    {
      id,
      previousBytes: before,
      capacityBytes,
      grownAt: mounts.map(({ targetPath }) => targetPath),
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

function describeUsage({ path, attachmentMode, totalBytes, problem }: MountUsage): string {
  const what = attachmentMode === 'block-device' ? 'device' : 'file system';
  return totalBytes === null
    ? `The size of its ${what} at ${path} is not known: ${problem ?? 'the plugin does not tell it'}`
    : `Its ${what} at ${path} has ${sizeInWords(totalBytes)}`;
}
