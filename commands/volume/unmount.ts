import { resolve } from 'node:path';
import { PannierCommand } from '../../src/cli/command.js';
import { resolveEndpoint } from '../../src/cli/endpoint.js';
import { CommandError } from '../../src/cli/errors.js';
import { argument, endpointFlags, option, outputFlags } from '../../src/cli/flags.js';
import { findMount, type RememberedMount, rememberedMount } from '../../src/cli/found.js';
import { unmountVolume } from '../../src/cli/mounting.js';
import { type MountRecord, Mounts, mountsFolder } from '../../src/cli/mounts.js';
import { openPlugin, type Plugin } from '../../src/cli/plugin.js';
import { readSecrets, secretsFlags } from '../../src/cli/secrets.js';
import { findVolume, lookUpVolume } from '../../src/cli/volumes.js';

export default class VolumeUnmount extends PannierCommand {
  static override summary = 'Take back a mount of `volume mount`';
  static override description =
    'Takes a volume away from a path, or with an ID from all paths where `pannier volume mount` has it here, and lets go of it on this node. It works where the volume is gone, and it can be repeated.\n\nA path at which an orchestrator has a volume is taken back too, where the plugin at -endpoint is the one that mounted it: for what an orchestrator left behind.\n\nWith -node nothing is unmounted: the controller is told that the named node has let go. That frees a volume for other nodes when its own node is lost for good. Be sure that it is down, and not only out of sight: two writers destroy a file system.';
  static override examples = [
    'pannier volume unmount /mnt/data',
    'pannier volume unmount data',
    'pannier volume unmount -node=worker-3 data',
  ];
  static override args = {
    target: argument({
      description: 'A path, or a volume: its whole handle or name.',
      required: true,
    }),
  };
  static override flags = {
    node: option({
      value: 'id',
      description: 'Only free the volume of this node, which is lost.',
    }),
    ...endpointFlags,
    ...outputFlags,
    ...secretsFlags,
  };
  protected override readonly doing = 'unmounting volume';

  async run(): Promise<void> {
    const { args, flags } = await this.input(VolumeUnmount);
    const secrets = await readSecrets(flags['secrets-file']);
    const endpoint = await resolveEndpoint(
      flags.endpoint,
      flags.node === undefined ? 'here' : 'controller',
    );
    await using plugin = openPlugin(endpoint);
    if (flags.node !== undefined) return await this.#free(plugin, args.target, flags.node, secrets);
    const mounts = new Mounts(mountsFolder(endpoint));
    const found = await this.#found(plugin, mounts, endpoint, args.target);
    for (const { record, steps } of found)
      await this.progress(
        'Unmounting',
        unmountVolume(plugin, mounts, record, secrets, (line) => this.monitor(line), steps),
      );
    await this.data(
      found.map(({ record }) => ({ id: record.volumeId, path: record.targetPath })),
      () =>
        found
          .map(({ record }) => `Unmounted volume "${record.volumeId}" from ${record.targetPath}`)
          .join('\n'),
    );
  }

  async #free(
    plugin: Plugin,
    target: string,
    nodeId: string,
    secrets: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { id, nodes } = await findVolume(plugin, target);
    if (!nodes.includes(nodeId))
      throw new CommandError(`volume "${id}" is not published on node "${nodeId}"`, {
        code: 'NOT_FOUND',
        remedy: `It is published on: ${nodes.join(', ') || 'no node'}.`,
      });
    await this.progress(
      'Freeing',
      plugin.controller.controllerUnpublishVolume({
        volumeId: id,
        nodeId,
        secrets: { ...secrets },
      }),
    );
    await this.data({ id, node: nodeId }, () => `Freed volume "${id}" of node "${nodeId}"`);
  }

  async #found(
    plugin: Plugin,
    mounts: Mounts,
    endpoint: string,
    target: string,
  ): Promise<ReadonlyArray<Pick<RememberedMount, 'record'> & Partial<RememberedMount>>> {
    const records = await mounts.list();
    const whole = (record: MountRecord) => ({ record });
    const path = resolve(target);
    const exact = records.filter(
      ({ targetPath, volumeId }) => targetPath === path || volumeId === target,
    );
    if (exact.length > 0) return exact.map(whole);
    const remembered = await rememberedMount(plugin, endpoint, path);
    if (remembered !== undefined) return [remembered];
    const volume = await lookUpVolume(plugin, target);
    const named = records.filter(({ volumeId }) => volumeId === volume?.id);
    if (named.length > 0) return named.map(whole);
    const found = await findMount(plugin, mounts, endpoint, path);
    if (found !== undefined) return [whole(found)];
    throw new CommandError(`no volume is mounted at ${path}, nor is "${target}" one that is`, {
      code: 'NOT_FOUND',
      remedy: 'See where volumes are with `pannier volume status <ID>`.',
    });
  }
}
