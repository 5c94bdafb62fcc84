import type { Settings } from '../config/settings.js';
import { openLog } from '../observe/log.js';
import { openClusters } from '../rbd/clusters.js';
import { VolumeError } from '../volume/errors.js';
import { readParameters } from '../volume/parameters.js';
import { ConsulLink } from './consul-link.js';

/**
 * Asks Ceph of the pools that CreateVolume's parameters name, and answers why each set of them cannot be used, in the
 * same order; undefined where it can.
 */
export async function poolProblems(
  settings: Settings,
  wanted: ReadonlyArray<Readonly<Record<string, string>>>,
): Promise<ReadonlyArray<VolumeError | undefined>> {
  const clusters = openClusters(settings.clusters, (cluster) => consul.resolve(cluster));
  const consul = new ConsulLink({ log: openLog('error'), onMoved() {} });
  await consul.follow(settings);
  const problemOf = async (given: Readonly<Record<string, string>>) => {
    try {
      const { cluster, pool, dataPool } = readParameters(given, clusters);
      for (const one of [pool, ...(dataPool === undefined ? [] : [dataPool])])
        await clusters.get(cluster).capacity(one);
      return undefined;
    } catch (error) {
      if (error instanceof VolumeError) return error;
      throw error;
    }
  };
  try {
    return await Promise.all(wanted.map(problemOf));
  } finally {
    await Promise.all([consul.end(), clusters.close()]);
  }
}
