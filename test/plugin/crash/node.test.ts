import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageInitShape } from '@bufbuild/protobuf';
import t from 'tap';
import {
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapabilitySchema,
} from '../../../src/proto/csi/v1/csi_pb.js';
import type { EffectName } from '../../../src/volume/effects.js';
import { PUBLISHED_KEY } from '../../../src/volume/marks.js';
import { specOf } from '../../lab/bytes.js';
import { type LabCeph, startCeph } from '../../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../../lab/nothing-left.js';
import { type LabPlugin, startPlugin } from '../../lab/plugin.js';
import type { EffectsIn } from './files.js';

const MIB = 1n << 20n;
const SIZE = 400n * MIB;
const LARGER = 500n * MIB;
const TEXT = 'written before the crash';

/** What a volume's life is like where an effect comes up. */
interface Life {
  readonly fsType?: string;
  readonly block?: boolean;
  readonly readonly?: boolean;
  /** Grown while nobody has it, and staged again. */
  readonly grownBetween?: boolean;
  /** The node has said that nothing of it is there. */
  readonly vacated?: true;
  /** A clone of it is staged on the node when it is. */
  readonly besideClone?: boolean;
}

const ORDINARY: Life = { fsType: 'xfs' };

/** For each effect a life in which it comes up. */
const LIVES: Readonly<Record<EffectsIn<'node'>, Life>> = {
  'controllerPublish/write-publication': ORDINARY,
  'controllerUnpublish/remove-publication': ORDINARY,
  'stage/remember-stage': ORDINARY,
  'stage/claim-again': { fsType: 'xfs', vacated: true },
  'stage/write-access': ORDINARY,
  'stage/start-fuse': ORDINARY,
  'stage/attach-device': ORDINARY,
  'stage/begin-format': ORDINARY,
  'stage/make-fs': ORDINARY,
  'stage/end-format': ORDINARY,
  'stage/renew-uuid': { fsType: 'btrfs', besideClone: true },
  'stage/grow-unmounted': { fsType: 'ext4', grownBetween: true },
  'stage/mount-staging': ORDINARY,
  'stage/grow-mounted': { fsType: 'xfs', grownBetween: true },
  'stage/remember-staged': ORDINARY,
  'unstage/unmount-staging': ORDINARY,
  'unstage/detach-device': ORDINARY,
  'unstage/stop-fuse': ORDINARY,
  'unstage/remove-access': ORDINARY,
  'unstage/remember-vacated': ORDINARY,
  'unstage/forget-stage': ORDINARY,
  'publish/remember-publish': ORDINARY,
  'publish/attach-device': { block: true, readonly: true },
  'publish/make-target': ORDINARY,
  'publish/bind-target': ORDINARY,
  'unpublish/unbind-target': ORDINARY,
  'unpublish/remove-target': ORDINARY,
  'unpublish/detach-device': { block: true, readonly: true },
  'unpublish/forget-publish': ORDINARY,
  'nodeExpand/refresh-device': ORDINARY,
  'nodeExpand/grow-fs': ORDINARY,
};

type Step = (plugin: LabPlugin) => Promise<unknown>;

function capabilityOf({
  fsType = '',
  block,
}: Life): MessageInitShape<typeof VolumeCapabilitySchema> {
  return {
    accessMode: { mode: Mode.SINGLE_NODE_WRITER },
    accessType: block
      ? { case: 'block', value: {} }
      : { case: 'mount', value: { fsType: fsType ?? '' } },
  };
}

/** The calls of a volume's whole life, each of which can be repeated, by their names in EFFECTS. */
function stepsOf(life: Life, ceph: LabCeph, name: string, folder: string): Array<[string, Step]> {
  const capability = capabilityOf(life);
  const staging = join(folder, 'staging', name);
  const target = join(folder, 'targets', name);
  mkdirSync(staging, { recursive: true });
  mkdirSync(join(folder, 'targets'), { recursive: true });
  let volumeId = '';
  const secrets = {};
  const clone = `${ceph.pool}/${name}-clone`;
  const atClone = {
    volumeId: `${ceph.name}/${clone}`,
    stagingTargetPath: join(folder, 'staging', `${name}-clone`),
  };
  const range = (requiredBytes: bigint) => ({ requiredBytes });

  const stage: Step = ({ node }) =>
    node.nodeStageVolume({
      volumeId,
      stagingTargetPath: staging,
      volumeCapability: capability,
      secrets,
    });
  const unstage: Step = ({ node }) =>
    node.nodeUnstageVolume({ volumeId, stagingTargetPath: staging });
  const expand: Step = ({ controller }) =>
    controller.controllerExpandVolume({ volumeId, capacityRange: range(LARGER) });

  return [
    [
      'create',
      async ({ controller }) => {
        const { volume } = await controller.createVolume({
          name,
          capacityRange: range(SIZE),
          volumeCapabilities: [capability],
        });
        volumeId = volume?.volumeId ?? '';
      },
    ],
    [
      'controllerPublish',
      ({ controller }) =>
        controller.controllerPublishVolume({
          volumeId,
          nodeId: 'lab-node',
          volumeCapability: capability,
        }),
    ],
    ...(life.vacated
      ? ([['say that it is unstaged', () => sayUnstaged(ceph, volumeId)]] as Array<[string, Step]>)
      : []),
    ...(life.grownBetween
      ? ([
          ['first stage', stage],
          ['first unstage', unstage],
          ['first expand', expand],
        ] as Array<[string, Step]>)
      : []),
    ...(life.besideClone
      ? ([
          ['first stage', stage],
          ['first unstage', unstage],
          [
            'stage a clone',
            async ({ node }) => {
              const snapshot = `${volumeId.slice(ceph.name.length + 1)}@clone`;
              await ceph.rbd('snap', 'create', '--no-progress', snapshot);
              await ceph.rbd('clone', '--rbd-default-clone-format', '2', snapshot, clone);
              mkdirSync(atClone.stagingTargetPath);
              await node.nodeStageVolume({ ...atClone, volumeCapability: capability, secrets });
            },
          ],
        ] as Array<[string, Step]>)
      : []),
    ['stage', stage],
    [
      'publish',
      ({ node }) =>
        node.nodePublishVolume({
          volumeId,
          stagingTargetPath: staging,
          targetPath: target,
          volumeCapability: capability,
          readonly: life.readonly === true,
        }),
    ],
    [
      'write a file',
      async () => {
        if (!life.block) writeFileSync(join(target, 'file'), TEXT, { flush: true });
      },
    ],
    ['expand', expand],
    [
      'nodeExpand',
      ({ node }) =>
        node.nodeExpandVolume({ volumeId, volumePath: target, capacityRange: range(LARGER) }),
    ],
    [
      'find the file',
      async () => {
        if (!life.block && readFileSync(join(target, 'file'), 'utf8') !== TEXT)
          throw new Error('the file changed');
      },
    ],
    ['unpublish', ({ node }) => node.nodeUnpublishVolume({ volumeId, targetPath: target })],
    ['unstage', unstage],
    ...(life.besideClone
      ? ([
          [
            'remove the clone',
            async ({ node }) => {
              await node.nodeUnstageVolume(atClone);
              await ceph.rbd('rm', '--no-progress', clone);
              const snapshot = `${volumeId.slice(ceph.name.length + 1)}@clone`;
              await ceph.rbd('snap', 'rm', '--no-progress', snapshot);
            },
          ],
        ] as Array<[string, Step]>)
      : []),
    [
      'controllerUnpublish',
      ({ controller }) => controller.controllerUnpublishVolume({ volumeId, nodeId: 'lab-node' }),
    ],
    ['delete', ({ controller }) => controller.deleteVolume({ volumeId })],
    [
      'check the target',
      async () => {
        if (existsSync(target)) throw new Error('the target is still there');
      },
    ],
  ];
}

/** Writes what a node does some time after a volume was unstaged that nobody unpublishes. */
async function sayUnstaged(ceph: LabCeph, volumeId: string): Promise<void> {
  const spec = specOf(volumeId);
  const text = await ceph.rbd('image-meta', 'get', spec, PUBLISHED_KEY);
  const published = JSON.parse(text) as { nodes: Record<string, object> };
  published.nodes = Object.fromEntries(
    Object.entries(published.nodes).map(([node, one]) => [node, { ...one, unstaged: true }]),
  );
  await ceph.rbd('image-meta', 'set', spec, PUBLISHED_KEY, JSON.stringify(published));
}

t.test(
  'kill -9 after any outside effect on the node, then the same call: right answer, nothing leaked',
  async (t) => {
    const ceph = await startCeph();
    // It has the background work, which nobody has to wait for then when another one died.
    const keeper = await startPlugin({ clusters: [ceph.settings], mode: 'controller' });
    await keeper.worksInBackground();
    for (const [index, [effect, life]] of Object.entries(LIVES).entries())
      await t.test(effect, async (t) => {
        const name = `crash-${index}`;
        const crashAfter = effect as EffectName;
        let plugin = await startPlugin({ clusters: [ceph.settings], crashAfter });
        const { folder } = plugin;
        await plugin.registered();
        let died: string | undefined;
        for (const [call, step] of stepsOf(life, ceph, name, folder)) {
          try {
            await step(plugin);
          } catch (error) {
            if (died !== undefined || (await plugin.ended) !== 'SIGKILL') throw error;
            died = call;
            plugin = await startPlugin({ clusters: [ceph.settings], folder });
            await step(plugin);
          }
        }
        t.equal(
          died,
          effect.slice(0, effect.indexOf('/')),
          'it died in the call that has the effect',
        );
        t.same(await whatIsLeft(ceph, folder), NOTHING);
        t.equal(await plugin.stop(), 0);
      });
  },
);
