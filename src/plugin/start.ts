import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeAdminService } from '../admin/node-service.js';
import { adminService } from '../admin/service.js';
import type { Settings } from '../config/settings.js';
import { controllerService } from '../csi/controller.js';
import { identityService } from '../csi/identity.js';
import { nodeService } from '../csi/node.js';
import type { Implementation } from '../csi/wire/adapter.js';
import { HealthService } from '../csi/wire/health.js';
import { reflectionServices } from '../csi/wire/reflection.js';
import { serve } from '../csi/wire/server.js';
import { openNode } from '../node/volumes.js';
import type { Logger } from '../observe/log.js';
import { openClusters } from '../rbd/clusters.js';
import type { Effect } from '../volume/effects.js';
import type { NodeVolumes } from '../volume/node.js';
import { Queue } from '../volume/queue.js';
import type { Clusters } from '../volume/store.js';
import { startWork } from '../volume/work/worker.js';

/** How long calls in flight may go on after a request to stop. */
const GRACE_MS = 25_000;

export interface PluginOptions {
  readonly settings: Settings;
  readonly version: string;
  readonly log: Logger;
  readonly effect: Effect;
}

export interface RunningPlugin {
  /** Drains the calls in flight, and lets go of the clusters. Mounts are left as they are. */
  stop(): Promise<void>;
}

/** Something that the plugin runs and that ends with it. */
interface Part {
  readonly services: readonly Implementation[];
  begin(): void;
  end(): Promise<void>;
}

/** Puts the plugin together and listens. It does not wait for Ceph: Probe answers from the first moment. */
export async function startPlugin(options: PluginOptions): Promise<RunningPlugin> {
  const { settings, version, log } = options;
  const clusters = openClusters(settings.clusters);
  const parts: Part[] = [];
  if (settings.mode !== 'node') parts.push(controllerPart(options, clusters));
  if (settings.mode !== 'controller') parts.push(nodePart(options, clusters));

  const identity = identityService({
    driverName: settings.driverName,
    version,
    controller: settings.mode !== 'node',
    ready: () => health.serving,
  });
  const csi = [identity, ...parts.flatMap(({ services }) => services)];
  const health = new HealthService(csi.map(({ service }) => service));
  const checked = [...csi, health.implementation()];
  const reflection = reflectionServices(checked.map(({ service }) => service));
  const server = await serve(settings.endpoint, [...checked, ...reflection], log).catch(
    async (error: unknown) => {
      await clusters.close();
      throw error;
    },
  );
  for (const part of parts) part.begin();
  log.info(
    { mode: settings.mode, endpoint: settings.endpoint, driver: settings.driverName, version },
    'plugin listens',
  );
  return {
    async stop() {
      health.drain();
      log.info({}, 'plugin drains');
      await server.close(GRACE_MS);
      await Promise.all(parts.map((part) => part.end()));
      await clusters.close();
      log.info({}, 'plugin ends');
    },
  };
}

function controllerPart({ settings, effect, log }: PluginOptions, clusters: Clusters): Part {
  const id = randomBytes(8).toString('hex');
  const work = startWork({
    ...{ id, clusters, effect },
    onError: (error) =>
      log.warn({ error: String(error) }, 'background work failed; it is tried again'),
    onHold: (cluster) => log.info({ cluster }, 'this controller does the background work'),
  });
  const { retentionMs } = settings;
  const controller = { id, clusters, effect, work, retentionMs, wait: sleep };
  const queue = new Queue();
  return {
    services: [controllerService(controller, queue), adminService(controller, queue)],
    begin: () => work.scan(),
    end: () => work.stop(),
  };
}

function nodePart({ settings, effect, log }: PluginOptions, clusters: Clusters): Part {
  const node = openNode({ clusters, settings, effect, log });
  const recovered = Promise.withResolvers<void>();
  return {
    services: [
      nodeService(settings.nodeId, after(recovered.promise, node), new Queue()),
      nodeAdminService(node),
    ],
    begin() {
      node.register();
      node
        .recover()
        .catch((error: unknown) => log.error({ error: String(error) }, 'recovery failed'))
        .finally(recovered.resolve);
    },
    async end() {
      node.close();
    },
  };
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
