import type { NomadClient } from './client.js';
import type { Integer } from './values.js';

/** A volume as its plugin tells it to Nomad; its ID is the plugin's. */
export interface ExternalVolume {
  readonly ExternalID: string;
  readonly CapacityBytes: Integer;
  readonly VolumeContext: Readonly<Record<string, string>> | null;
  readonly CloneID: string;
  readonly SnapshotID: string;
  /** The plugin's ids of the nodes that it is published on. */
  readonly PublishedExternalNodeIDs: readonly string[] | null;
  readonly IsAbnormal: boolean;
  readonly Status: string;
}

const PAGE = 1000;

/** All volumes that a plugin has, whether Nomad knows them or not. */
export async function listExternalVolumes(
  nomad: NomadClient,
  pluginId: string,
): Promise<readonly ExternalVolume[]> {
  const all: ExternalVolume[] = [];
  let token = '';
  do {
    const { document } = await nomad.read<{
      readonly Volumes?: readonly ExternalVolume[] | null;
      readonly NextToken?: string;
    } | null>('/v1/volumes/external', {
      query: { plugin_id: pluginId, per_page: PAGE, next_token: token || undefined },
      needs: 'the capability "csi-list-volume" or "csi-read-volume"',
      byPlugin: true,
    });
    all.push(...(document?.Volumes ?? []));
    token = document?.NextToken ?? '';
  } while (token !== '');
  return all;
}
