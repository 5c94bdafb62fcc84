import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ByHand, type Verb } from '../by-hand.js';
import type { Lab } from '../lab.js';
import { inTurns, type Step } from '../measure.js';
import { compared, type Row } from '../report.js';
import { blank, EXT4_WRITER, GIB } from '../requests.js';

interface Volume {
  readonly volumeId: string;
  readonly stagingTargetPath: string;
  readonly targetPath: string;
}

/** Stage, publish and back, each against a script that does the same by hand. */
export async function nodeCalls(lab: Lab): Promise<Row[]> {
  const { quick, signal } = lab;
  const { node } = lab.node;
  const hand = new ByHand(lab.cluster, join(lab.folder, 'hand'), signal);
  const turns = { rounds: quick ? 2 : 12, warmUp: 1, signal };
  const volumes: Volume[] = [];
  for (let round = 0; round < turns.rounds + turns.warmUp; round += 1) {
    volumes.push(await prepare(lab, round));
    await lab.bare.create(image(round), GIB);
  }
  const step = (name: string, ours: (volume: Volume) => Promise<unknown>, verb: Verb): Step => ({
    name,
    ours: (round) => ours(volumes[round] as Volume),
    theirs: (round) => hand.run(verb, image(round)),
  });
  const stage = ({ volumeId, stagingTargetPath }: Volume) =>
    node.nodeStageVolume({ volumeId, stagingTargetPath, volumeCapability: EXT4_WRITER });
  const unstage = ({ volumeId, stagingTargetPath }: Volume) =>
    node.nodeUnstageVolume({ volumeId, stagingTargetPath });
  const publish = (volume: Volume) =>
    node.nodePublishVolume({ ...volume, volumeCapability: EXT4_WRITER });
  const unpublish = ({ volumeId, targetPath }: Volume) =>
    node.nodeUnpublishVolume({ volumeId, targetPath });

  const times = await inTurns(
    [
      step('NodeStageVolume, new', stage, 'stage-new'),
      step('NodePublishVolume', publish, 'publish'),
      step('NodeUnpublishVolume', unpublish, 'unpublish'),
      step('NodeUnstageVolume', unstage, 'unstage'),
      step('NodeStageVolume, formatted', stage, 'stage'),
      step('NodeUnstageVolume', unstage, 'unstage'),
    ],
    turns,
  );
  return [...times].map(([name, pair]) => compared(name, pair, 'by-hand.sh'));
}

function image(round: number): string {
  return `hand-${round}`;
}

async function prepare({ controller, folder }: Lab, round: number): Promise<Volume> {
  const { volume } = await controller.controller.createVolume(blank(`node ${round}`));
  const place = join(folder, 'mounts', `${round}`);
  const stagingTargetPath = join(place, 'staging');
  await mkdir(stagingTargetPath, { recursive: true });
  return { volumeId: volume?.volumeId ?? '', stagingTargetPath, targetPath: join(place, 'target') };
}
