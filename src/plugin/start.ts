import type { Settings } from '../config/settings.js';
import { identityService } from '../csi/identity.js';
import { HealthService } from '../csi/wire/health.js';
import { reflectionServices } from '../csi/wire/reflection.js';
import { serve } from '../csi/wire/server.js';
import type { OpenLog } from '../observe/log.js';
import { openClusters } from '../rbd/clusters.js';
import type { Effect } from '../volume/effects.js';
import { changesOf } from './changes.js';
import { ClusterProbe } from './cluster-health.js';
import { ConsulLink } from './consul-link.js';
import { hostIdOf } from './host-id.js';
import { controllerPart, nodePart, type PartOptions } from './parts.js';

/** How long calls in flight may go on after a request to stop. */
const GRACE_MS = 25_000;

export interface PluginOptions {
  readonly settings: Settings;
  readonly version: string;
  readonly log: OpenLog;
  readonly effect: Effect;
}

export interface RunningPlugin {
  /** Takes over, of a changed configuration, what can change while the plugin runs; the log says what cannot. */
  follow(settings: Settings): Promise<void>;
  /** Drains the calls in flight, and lets go of the clusters. Mounts are left as they are. */
  stop(): Promise<void>;
}

/** Puts the plugin together and listens. It does not wait for Ceph: Probe answers from the first moment. */
export async function startPlugin(options: PluginOptions): Promise<RunningPlugin> {
  const { version, log, effect } = options;
  let { settings } = options;
  const { mode, endpoint, driverName, nodeId } = settings;
  const host = await hostIdOf(settings);
  const clusters = openClusters(settings.clusters, (cluster) => consul.resolve(cluster));
  const probe = new ClusterProbe(clusters, nodeId);
  const consul = new ConsulLink({
    log,
    onMoved(service) {
      for (const { name, monitorsService } of settings.clusters) {
        if (monitorsService !== service) continue;
        log.info({ cluster: name, service }, 'the monitors have moved: connecting anew');
        clusters.reconnect(name);
      }
    },
  });
  await consul.follow(settings);
  const partOptions: PartOptions = {
    ...{ host, clusters, effect, log },
    settings: () => settings,
    async settingsOf(cluster) {
      const found = settings.clusters.find(({ name }) => name === cluster);
      return found && (await consul.resolve(found));
    },
  };
  const parts = [
    ...(mode === 'node' ? [] : [controllerPart(partOptions)]),
    ...(mode === 'controller' ? [] : [nodePart(partOptions)]),
  ];

  const identity = identityService({
    ...{ driverName, version, host, controller: mode !== 'node' },
    ready: () => health.serving,
  });
  const csi = [identity, ...parts.flatMap(({ services }) => services)];
  const health = new HealthService(csi.map(({ service }) => service));
  const checked = [...csi, health.implementation()];
  const reflection = reflectionServices(checked.map(({ service }) => service));
  const server = await serve(endpoint, [...checked, ...reflection], log).catch(
    async (error: unknown) => {
      await Promise.all([consul.end(), clusters.close()]);
      throw error;
    },
  );
  for (const part of parts) part.begin();
  consul.register({ version, look: () => probe.look() });
  log.info({ mode, endpoint, driver: driverName, version, host }, 'plugin listens');

  const change = async (given: Settings) => {
    const { settings: next, live, restart } = changesOf(settings, given);
    if (restart.length > 0)
      log.warn({ settings: restart }, 'what changed here is used when the plugin is started anew');
    if (live.length === 0) return;
    settings = next;
    log.level = next.logLevel;
    await consul.follow(next);
    clusters.follow(next.clusters);
    await Promise.all(parts.map((part) => part.follow()));
    log.info({ changes: live }, 'a changed configuration is in use');
  };
  let turn = Promise.resolve();
  return {
    follow(given) {
      turn = turn.then(() => change(given));
      return turn;
    },
    async stop() {
      health.drain();
      log.info({}, 'plugin drains');
      await Promise.all([consul.end(), server.close(GRACE_MS)]);
      await Promise.all(parts.map((part) => part.end()));
      await clusters.close();
      log.info({}, 'plugin ends');
    },
  };
}
