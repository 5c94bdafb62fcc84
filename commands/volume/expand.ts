import { capabilityOf } from '../../src/cli/capabilities.js';
import { PannierCommand } from '../../src/cli/command.js';
import { argument, endpointFlags, outputFlags } from '../../src/cli/flags.js';
import { Mounts, mountsFolder } from '../../src/cli/mounts.js';
import { openPlugin } from '../../src/cli/plugin.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { readSize, sizeInWords } from '../../src/cli/sizes.js';
import { usableSpec } from '../../src/cli/specs.js';
import { type MountUsage, mountUsage } from '../../src/cli/usage.js';
import { findVolume } from '../../src/cli/volumes.js';

export default class VolumeExpand extends PannierCommand {
  static override summary = 'Grow a volume';
  static override description =
    'Grows a volume to a size, such as 20GiB or 20G. The volume is named by its whole handle or name, or by its specification: a file that ends in .hcl or .json, or - for standard input.\n\nWhere `pannier volume mount` has it on this machine, its file system grows at once; elsewhere it grows when it is staged next.';
  static override examples = [
    'pannier volume expand data 20GiB',
    'pannier volume expand volume.hcl 20GiB',
  ];
  static override args = {
    ID: argument({ description: 'The volume, or its specification.', required: true }),
    size: argument({ description: 'The new size.', required: true }),
  };
  static override flags = { ...endpointFlags, ...outputFlags, ...secretsFlags };
  protected override readonly doing = 'expanding volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeExpand);
    const requiredBytes = readSize(args.size);
    const capacityRange = { requiredBytes };
    const named = await readTarget(args.ID);
    const secrets = { ...named.secrets, ...(await readSecrets(flags['secrets-file'])) };
    await using plugin = openPlugin(flags.endpoint);
    const { id, capacityBytes: before } = await this.progress(
      'Looking the volume up',
      findVolume(plugin, named.id),
    );
    this.monitor(
      requiredBytes > before
        ? `Growing volume "${id}" from ${sizeInWords(before)} to ${sizeInWords(requiredBytes)}`
        : `Volume "${id}" has ${sizeInWords(before)}, and ${sizeInWords(requiredBytes)} are asked for`,
    );
    const answer = await this.progress(
      'ControllerExpandVolume',
      plugin.controller.controllerExpandVolume({ volumeId: id, capacityRange, secrets }),
    );
    if (answer.capacityBytes > before)
      this.monitor(`The volume has ${sizeInWords(answer.capacityBytes)} now`);
    const mounts = (await new Mounts(mountsFolder(flags.endpoint)).list()).filter(
      ({ volumeId }) => volumeId === id,
    );
    for (const mount of answer.nodeExpansionRequired ? mounts : []) {
      this.monitor(`Growing it at ${mount.targetPath}`);
      await this.progress(
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
    await this.data(
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
}

function describeUsage({ path, attachmentMode, totalBytes, problem }: MountUsage): string {
  const what = attachmentMode === 'block-device' ? 'device' : 'file system';
  return totalBytes === null
    ? `The size of its ${what} at ${path} is not known: ${problem ?? 'the plugin does not tell it'}`
    : `Its ${what} at ${path} has ${sizeInWords(totalBytes)}`;
}

async function readTarget(text: string): Promise<{ id: string; secrets: Record<string, string> }> {
  if (text !== '-' && !/\.(?:hcl|json)$/.test(text)) return { id: text, secrets: {} };
  const spec = await usableSpec(text);
  return { id: spec.name, secrets: { ...spec.secrets } };
}
