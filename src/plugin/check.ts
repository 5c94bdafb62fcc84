import type { Settings } from '../config/settings.js';
import { parseEndpoint } from '../csi/wire/endpoint.js';
import { checkSocket } from '../csi/wire/socket.js';
import { checkStateDir } from '../node/state-dir.js';
import { mapperOf } from '../node/volumes.js';
import { openLog } from '../observe/log.js';
import { openClusters } from '../rbd/clusters.js';
import { VolumeError } from '../volume/errors.js';
import type { Cluster, Clusters } from '../volume/store.js';
import { ConsulLink } from './consul-link.js';
import { knownHostId } from './host-id.js';

/** One thing that the plugin needs, and whether it has it. */
export interface Finding {
  readonly subject: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Tries everything that the plugin needs to start and to work, and leaves everything as it was. */
export async function checkPlugin(settings: Settings): Promise<readonly Finding[]> {
  const clusters = openClusters(settings.clusters, (cluster) => consul.resolve(cluster));
  const consul = new ConsulLink({
    // What fails is a finding.
    log: openLog('error'),
    onMoved() {},
  });
  await consul.follow(settings);
  try {
    const ofClusters = Promise.all(
      settings.clusters.map(({ name, pool }) =>
        find(`cluster "${name}"`, () => checkCluster(clusters.get(name), pool)),
      ),
    );
    // One after the other: a folder that one makes for its try may be the other's too.
    const endpoint = await find('endpoint', () => checkEndpoint(settings.endpoint));
    const ofHost =
      settings.scope === 'host' && settings.mode !== 'node'
        ? [await find('host', () => checkHost(settings))]
        : [];
    const ofNode = settings.mode === 'controller' ? [] : await checkNode(settings, clusters);
    const ofConsul =
      settings.consul === undefined ? [] : [await find('consul', () => checkConsul(consul))];
    return [endpoint, ...ofHost, ...ofConsul, ...(await ofClusters), ...ofNode];
  } finally {
    await Promise.all([consul.end(), clusters.close()]);
  }
}

async function find(subject: string, check: () => Promise<string>): Promise<Finding> {
  try {
    return { subject, ok: true, detail: await check() };
  } catch (error) {
    return { subject, ok: false, detail: words(error) };
  }
}

async function checkNode(settings: Settings, clusters: Clusters): Promise<Finding[]> {
  const { stateDir } = settings;
  return [
    await find('state directory', () => checkStateDir(stateDir).then(() => stateDir)),
    await find('mapper', async () => `images are mapped by ${await mapperOf(settings, clusters)}`),
  ];
}

async function checkHost(settings: Settings): Promise<string> {
  const known = await knownHostId(settings);
  if (known !== undefined) return `its volumes belong to "${known}"`;
  await checkStateDir(settings.stateDir);
  return 'its id is made by the first start';
}

async function checkEndpoint(text: string): Promise<string> {
  const endpoint = parseEndpoint(text);
  if (endpoint.kind === 'unix') await checkSocket(endpoint.path);
  return text;
}

async function checkConsul(consul: ConsulLink): Promise<string> {
  const leader = await consul.leader();
  if (!leader) throw new Error('Consul has no leader');
  return `its leader is ${leader}`;
}

async function checkCluster(cluster: Cluster, pool: string): Promise<string> {
  const { availableBytes } = await cluster.capacity(pool);
  return `pool "${pool}" can take ${availableBytes} bytes, as seen from ${await cluster.address()}`;
}

function words(error: unknown): string {
  if (error instanceof VolumeError) return `${error.message}. ${error.remedy}`;
  return error instanceof Error ? error.message : String(error);
}
