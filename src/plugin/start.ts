import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
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
import { startPurge } from '../volume/purge.js';
import { Queue } from '../volume/queue.js';
import type { Clusters } from '../volume/store.js';

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
  readonly service: Implementation;
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
  const csi = [identity, ...parts.map((part) => part.service)];
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

function controllerPart({ effect, log }: PluginOptions, clusters: Clusters): Part {
  const purge = startPurge({
    clusters,
    effect,
    onError: (error) => log.warn({ error: String(error) }, 'purge failed; it is tried again'),
  });
  const id = randomBytes(8).toString('hex');
  return {
    service: controllerService({ id, clusters, effect, purge, wait: sleep }, new Queue()),
    begin: () => purge.scan(),
    end: () => purge.stop(),
  };
}

function nodePart({ settings, effect, log }: PluginOptions, clusters: Clusters): Part {
  const node = openNode({ clusters, settings, effect, log });
  const recovered = Promise.withResolvers<void>();
  return {
    service: nodeService(settings.nodeId, after(recovered.promise, node), new Queue()),
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
  };
}
