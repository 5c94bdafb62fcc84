import { access, constants, mkdir } from 'node:fs/promises';
import type { Settings } from '../config/settings.js';
import { parseEndpoint } from '../csi/wire/endpoint.js';
import { isListening } from '../csi/wire/socket.js';
import { mapperOf } from '../node/volumes.js';
import { openClusters } from '../rbd/clusters.js';
import { VolumeError } from '../volume/errors.js';
import type { Cluster } from '../volume/store.js';

/** One thing that the plugin needs, and whether it has it. */
export interface Finding {
  readonly subject: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Tries everything that the plugin needs to start and to work, and changes nothing in the clusters. */
export async function checkPlugin(settings: Settings): Promise<readonly Finding[]> {
  const clusters = openClusters(settings.clusters);
  try {
    const checks: Array<[string, () => Promise<string>]> = [
      ['endpoint', () => checkEndpoint(settings.endpoint)],
      ...settings.clusters.map(({ name, pool }): [string, () => Promise<string>] => [
        `cluster "${name}"`,
        () => checkCluster(clusters.get(name), pool),
      ]),
      ...(settings.mode === 'controller' ? [] : nodeChecks(settings)),
    ];
    return await Promise.all(
      checks.map(async ([subject, check]): Promise<Finding> => {
        try {
          return { subject, ok: true, detail: await check() };
        } catch (error) {
          return { subject, ok: false, detail: words(error) };
        }
      }),
    );
  } finally {
    await clusters.close();
  }
}

function nodeChecks(settings: Settings): Array<[string, () => Promise<string>]> {
  return [
    ['state directory', () => checkStateDir(settings.stateDir)],
    ['mapper', async () => `images are mapped by ${await mapperOf(settings)}`],
  ];
}

async function checkEndpoint(text: string): Promise<string> {
  const endpoint = parseEndpoint(text);
  if (endpoint.kind === 'unix' && (await isListening(endpoint.path)))
    throw new Error(`another process listens on ${endpoint.path}`);
  return text;
}

async function checkCluster(cluster: Cluster, pool: string): Promise<string> {
  const { availableBytes } = await cluster.capacity(pool);
  return `pool "${pool}" can take ${availableBytes} bytes, as seen from ${await cluster.address()}`;
}

async function checkStateDir(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await access(path, constants.W_OK);
  return path;
}

function words(error: unknown): string {
  if (error instanceof VolumeError) return `${error.message}. ${error.remedy}`;
  return error instanceof Error ? error.message : String(error);
}
