import type { Settings } from '../config/settings.js';
import type { Logger } from '../observe/log.js';
import { type Effect, plainEffect } from '../volume/effects.js';
import type { NodeVolumes } from '../volume/node.js';
import type { Clusters } from '../volume/store.js';
import type { InLine, NodeContext } from './context.js';
import { type Candidate, candidates, chooseMapper } from './device/choose.js';
import type { Mapper } from './device/device.js';
import { FuseMapper, type SettingsOf } from './device/fuse.js';
import { KrbdMapper } from './device/krbd.js';
import { expand } from './expand.js';
import { inspect, volumeAt } from './inspect.js';
import { publish } from './publish.js';
import { Records } from './records.js';
import { recover } from './recover.js';
import { registerNode } from './registry.js';
import { stage } from './stage.js';
import { canonicalStateDir } from './state-dir.js';
import { unpublish } from './unpublish.js';
import { unstage } from './unstage.js';
import { keepUp } from './upkeep.js';
import { usage } from './usage.js';
import { VacatedRecords } from './vacated-records.js';

export interface NodeOptions {
  readonly clusters: Clusters;
  readonly settings: Pick<Settings, 'nodeId' | 'stateDir' | 'mapper'>;
  readonly settingsOf: SettingsOf;
  readonly effect: Effect;
  readonly log: Logger;
}

/** What a node does with volumes, and what its plugin does when it starts and ends. */
export interface NodeSide extends NodeVolumes {
  /** Puts the node in order; to be awaited before the first call. Nothing that runs is touched. */
  recover(): Promise<void>;
  /** Tells the clusters of this node, in the background and until each one has heard it; anew where they changed. */
  register(): void;
  /** Looks after what this node has and had, until it is closed; for after the recovery. */
  keepUp(inLine: InLine): void;
  /** Ends the registration and the upkeep. Mounts and devices stay. */
  close(): void;
}

export function openNode({ clusters, settings, settingsOf, effect, log }: NodeOptions): NodeSide {
  const stateDir = canonicalStateDir(settings.stateDir);
  const mappers = {
    krbd: new KrbdMapper(stateDir, clusters, effect),
    fuse: new FuseMapper(stateDir, settingsOf, effect),
  };
  const context: NodeContext = {
    nodeId: settings.nodeId,
    clusters,
    effect,
    log,
    records: new Records(stateDir, log),
    mappers: Object.values(mappers),
    chooseMapper: chooser(settings.mapper, candidates(mappers), log),
    died: new Map(),
    vacated: new VacatedRecords(stateDir),
  };
  let unregister = () => {};
  let endUpkeep = () => {};
  return {
    stage: (request) => stage(context, request),
    unstage: (request) => unstage(context, request),
    publish: (request) => publish(context, request),
    unpublish: (request) => unpublish(context, request),
    usage: (request) => usage(context, request),
    expand: (request) => expand(context, request),
    inspect: (volumeId) => inspect(context, settings.nodeId, volumeId),
    volumeAt: (path) => volumeAt(context, path),
    recover: () => recover(context),
    register() {
      unregister();
      unregister = registerNode(clusters, settings.nodeId, log);
    },
    keepUp(inLine) {
      endUpkeep = keepUp(context, inLine);
    },
    close() {
      unregister();
      endUpkeep();
    },
  };
}

/** What images would be mapped by on this node. Fails with no-mapper. */
export async function mapperOf(
  { stateDir, mapper }: Pick<Settings, 'stateDir' | 'mapper'>,
  clusters: Clusters,
): Promise<string> {
  const among = candidates({
    krbd: new KrbdMapper(stateDir, clusters, plainEffect),
    fuse: new FuseMapper(stateDir, async () => undefined, plainEffect),
  });
  return (await chooseMapper(mapper, among)).mapper.name;
}

/** Chooses once, says so, and chooses again as long as there was nothing to choose. */
function chooser(
  wanted: Settings['mapper'],
  among: readonly Candidate[],
  log: Logger,
): () => Promise<Mapper> {
  let chosen: Mapper | undefined;
  return async () => {
    if (chosen !== undefined) return chosen;
    const { mapper, passedOver } = await chooseMapper(wanted, among);
    log.info({ mapper: mapper.name, passedOver }, 'images are mapped this way');
    chosen = mapper;
    return mapper;
  };
}
