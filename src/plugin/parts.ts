import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeAdminService } from '../admin/node-service.js';
import { adminService } from '../admin/service.js';
import type { Settings } from '../config/settings.js';
import { controllerService } from '../csi/controller.js';
import { nodeService } from '../csi/node.js';
import type { Implementation } from '../csi/wire/adapter.js';
import type { SettingsOf } from '../node/device/fuse.js';
import { openNode } from '../node/volumes.js';
import type { Logger } from '../observe/log.js';
import type { Effect } from '../volume/effects.js';
import type { NodeVolumes } from '../volume/node.js';
import { patient } from '../volume/patience.js';
import { Queue } from '../volume/queue.js';
import type { Clusters } from '../volume/store.js';
import { startWork } from '../volume/work/worker.js';
import { memory } from './memory.js';

/** Something that the plugin runs and that ends with it. */
export interface Part {
  readonly services: readonly Implementation[];
  begin(): void;
  /** Called when the clusters have become others. */
  follow(): Promise<void>;
  end(): Promise<void>;
}

export interface PartOptions {
  /** The host whose volumes alone the controller lists and deletes; undefined: those of all. */
  readonly host: string | undefined;
  readonly clusters: Clusters;
  /** The settings that hold now. */
  readonly settings: () => Settings;
  readonly settingsOf: SettingsOf;
  readonly effect: Effect;
  readonly log: Logger;
}

export function controllerPart({ host, clusters, settings, effect, log }: PartOptions): Part {
  const id = randomBytes(8).toString('hex');
  const work = startWork({
    ...{ id, clusters, effect },
    onError: (error) =>
      log.warn({ error: String(error) }, 'background work failed; it is tried again'),
    onHold: (cluster) => log.info({ cluster }, 'this controller does the background work'),
  });
  const controller = {
    ...{ id, host, clusters, effect, work, wait: sleep },
    ...memory(settings(), log),
    get retentionMs() {
      return settings().retentionMs;
    },
  };
  const queue = queueOf(settings());
  return {
    services: [controllerService(controller, queue), adminService(controller, queue)],
    begin: () => work.scan(),
    follow: () => work.follow(),
    end: () => work.stop(),
  };
}

export function nodePart({ clusters, settings, settingsOf, effect, log }: PartOptions): Part {
  // None of these changes while the plugin runs.
  const { nodeId, stateDir, mapper } = settings();
  const node = openNode({
    ...{ clusters, settingsOf, effect, log },
    settings: { nodeId, stateDir, mapper },
  });
  const recovered = Promise.withResolvers<void>();
  const queue = queueOf(settings());
  return {
    services: [nodeService(nodeId, after(recovered.promise, node), queue), nodeAdminService(node)],
    begin() {
      node.register();
      node
        .recover()
        .catch((error: unknown) => log.error({ error: String(error) }, 'recovery failed'))
        .finally(() => {
          recovered.resolve();
          node.keepUp((volumeId, action) => queue.inLine([volumeId], action));
        });
    },
    async follow() {
      node.register();
    },
    async end() {
      node.close();
    },
  };
}

function queueOf({ outages }: Settings): Queue {
  if (outages === 'report') return new Queue();
  return new Queue(patient({ wait: sleep, now: () => performance.now() }));
}

/** The same volumes, once the node is in order. */
function after(ready: Promise<void>, node: NodeVolumes): NodeVolumes {
  return {
    stage: (request) => ready.then(() => node.stage(request)),
    unstage: (request) => ready.then(() => node.unstage(request)),
    publish: (request) => ready.then(() => node.publish(request)),
    unpublish: (request) => ready.then(() => node.unpublish(request)),
    usage: (request) => ready.then(() => node.usage(request)),
    expand: (request) => ready.then(() => node.expand(request)),
    inspect: (volumeId) => node.inspect(volumeId),
    volumeAt: (path) => node.volumeAt(path),
  };
}
