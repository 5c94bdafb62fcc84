import { resolve } from 'node:path';
import { capabilityFlags, readUsage } from '../../src/cli/capabilities.js';
import { PannierCommand } from '../../src/cli/command.js';
import { resolveEndpoint } from '../../src/cli/endpoint.js';
import { CommandError, EXIT, failureOf } from '../../src/cli/errors.js';
import { argument, endpointFlags, option, outputFlags } from '../../src/cli/flags.js';
import { mountVolume, type Step, unmountVolume } from '../../src/cli/mounting.js';
import { type MountRecord, Mounts, mountsFolder } from '../../src/cli/mounts.js';
import { openPlugin, type Plugin } from '../../src/cli/plugin.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { checkStaging, checkTarget } from '../../src/cli/target.js';
import { findVolume } from '../../src/cli/volumes.js';

export default class VolumeMount extends PannierCommand {
  static override summary = 'Mount a volume on this machine, without an orchestrator';
  static override description =
    'Takes a volume all the way to a path on this machine, as an orchestrator would: it is published to the node, staged, and published at the path. The plugin must run on this machine, as node and controller.\n\nThe same command again finishes what was cut short. `pannier volume unmount` takes it back. Where the volume is in use elsewhere or cannot be mounted, nothing is left behind.';
  static override examples = [
    'pannier volume mount data /mnt/data',
    'pannier volume mount -read-only -fs-type=xfs ceph/rbd/pannier-data /mnt/data',
    'pannier volume mount -attachment-mode=block-device data /dev/data',
  ];
  static override args = {
    ID: argument({ description: 'The volume: a whole handle or name.', required: true }),
    path: argument({
      description:
        'Where to mount it: a new path whose parent exists, or an empty directory (for a device, an empty file).',
      required: true,
    }),
  };
  static override flags = {
    ...endpointFlags,
    ...outputFlags,
    ...secretsFlags,
    ...capabilityFlags,
    'staging-path': option({
      value: 'path',
      description: 'Where to stage the volume. Without it, a folder of its own beside the socket.',
    }),
  };
  protected override readonly doing = 'mounting volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeMount);
    const usage = readUsage(flags);
    const secrets = await readSecrets(flags['secrets-file']);
    const targetPath = resolve(args.path);
    const endpoint = await resolveEndpoint(flags.endpoint, 'here');
    const mounts = new Mounts(mountsFolder(endpoint));
    const records = await mounts.list();
    const before = records.find((one) => one.targetPath === targetPath);
    // Where this mount was begun before, the plugin tells what is half done from what is in the way.
    if (before === undefined) await checkTarget(targetPath, usage.access);
    await using plugin = openPlugin(endpoint);
    const volume = await this.progress('Looking the volume up', findVolume(plugin, args.ID));
    const { nodeId } = await plugin.node.nodeGetInfo({});
    const staging = flags['staging-path'];
    const stagingPath = staging === undefined ? mounts.stagingPath(volume.id) : resolve(staging);
    const asked: MountRecord = {
      version: 1,
      endpoint,
      volumeId: volume.id,
      nodeId,
      stagingPath,
      targetPath,
      ...usage,
    };
    if (before !== undefined) checkSame(before, asked);
    const sharing = before ?? records.find((one) => one.stagingPath === stagingPath);
    if (sharing !== undefined && sharing.volumeId !== volume.id)
      throw new CommandError(`volume "${sharing.volumeId}" is staged at ${stagingPath}`, {
        code: 'ALREADY_EXISTS',
        remedy: 'Choose another -staging-path.',
        exitCode: EXIT.usage,
      });
    const keepsStaging =
      sharing === undefined
        ? staging !== undefined && (await checkStaging(stagingPath))
        : sharing.keepsStaging === true;
    const record = keepsStaging ? { ...asked, keepsStaging } : asked;
    const begun = new Set<Step>();
    const mounted = mountVolume(plugin, mounts, record, volume.context, secrets, begun, (line) =>
      this.monitor(line),
    );
    await this.progress('Mounting', mounted).catch(async (error: unknown) => {
      // A publication that was there before is another's, such as an orchestrator's.
      if (volume.nodes.includes(nodeId)) begun.delete('publish-to-node');
      if (before === undefined) await this.#takeBack(plugin, mounts, record, secrets, begun, error);
      throw error;
    });
    await this.data(record, () => `Mounted volume "${volume.id}" at ${record.targetPath}`);
  }

  /** Leaves nothing of a first try that failed; where that fails too, the record stays for unmount, and both are told. */
  async #takeBack(
    plugin: Plugin,
    mounts: Mounts,
    record: MountRecord,
    secrets: Record<string, string>,
    begun: ReadonlySet<Step>,
    error: unknown,
  ): Promise<void> {
    this.monitor('Taking back what was done');
    try {
      await unmountVolume(plugin, mounts, record, secrets, () => {}, begun);
    } catch (left) {
      const { message } = failureOf(left);
      const remedy = `Take it back with \`pannier volume unmount ${record.targetPath}\``;
      this.warn(`something is left: ${message}. ${remedy}`);
      const { message: first, ...failure } = failureOf(error);
      throw new CommandError(first, {
        ...failure,
        details: { left: message, remedy },
        cause: error,
      });
    }
  }
}

function checkSame(before: MountRecord, record: MountRecord): void {
  const keys = Object.keys(record) as Array<keyof MountRecord>;
  const other = keys.find(
    (key) => key !== 'endpoint' && String(before[key]) !== String(record[key]),
  );
  if (other === undefined) return;
  throw new CommandError(
    `${before.targetPath} holds volume "${before.volumeId}" already, with another ${other}`,
    {
      code: 'ALREADY_EXISTS',
      remedy: `Unmount it first with \`pannier volume unmount ${before.targetPath}\`.`,
    },
  );
}
