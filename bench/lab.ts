import { join } from 'node:path';
import type { ClusterSettings } from '../src/config/settings.js';
import { CephCluster } from '../src/dev/ceph/cluster.js';
import { openClusters } from '../src/rbd/clusters.js';
import type { Clusters } from '../src/volume/store.js';
import { clean, cleanLeftovers, newFolder } from '../test/lab/leftovers.js';
import { Bare } from './bare.js';
import { type Plugin, startPlugin } from './plugin.js';

/** Ceph's own defaults, which a cluster to try things on shortens: a snapshot waits for them. */
const MONITOR = { 'paxos propose interval': '1', 'paxos min wait': '0.05' };

/** What the cases work with: one Ceph, a controller and a node on it, and librbd bare. */
export interface Lab {
  readonly quick: boolean;
  readonly signal: AbortSignal;
  readonly folder: string;
  readonly cluster: ClusterSettings;
  /** Where Ceph's monitor listens; the other daemons do on the ports behind. */
  readonly monitor: { readonly address: string; readonly port: number };
  readonly controller: Plugin;
  readonly node: Plugin;
  readonly bare: Bare;
  /** The store, to look at what the plugin does in the background. */
  readonly clusters: Clusters;
  progress(text: string): void;
}

export interface OpenLab extends Lab {
  /** Ends all of it and removes its folder. */
  close(): Promise<void>;
}

/** Starts everything. What an earlier run left that was killed goes first. */
export async function openLab(
  progress: (text: string) => void,
  signal: AbortSignal,
  quick: boolean,
): Promise<OpenLab> {
  await cleanLeftovers();
  const folder = newFolder();
  const ceph = new CephCluster({ folder: join(folder, 'ceph'), settings: MONITOR });
  // Mounts go before the Ceph that they are on: a file system that cannot be written hangs for good.
  const ends: Array<() => Promise<unknown>> = [() => clean(folder)];
  const close = async () => {
    for (const end of ends.reverse()) await end();
    ends.length = 0;
  };
  try {
    const access = await ceph.start(progress, signal);
    const cluster: ClusterSettings = { ...access, name: 'ceph', monitors: [], key: undefined };
    progress('Starting a controller and a node');
    const [address = '', port = ''] = access.monitors[0]?.split(':') ?? [];
    const monitor = { address, port: Number(port) };
    const start = async (mode: 'controller' | 'node') => {
      const plugin = await startPlugin(join(folder, mode), mode, cluster, signal);
      ends.push(() => plugin.stop());
      return plugin;
    };
    const controller = await start('controller');
    const node = await start('node');
    const clusters = openClusters([cluster]);
    ends.push(() => clusters.close());
    const bare = await Bare.open(cluster);
    ends.push(() => bare.close());
    return {
      ...{ quick, signal, folder, cluster, monitor, controller, node, bare, clusters, progress },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
