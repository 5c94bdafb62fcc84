import type { NomadClient } from './client.js';
import { NomadError } from './errors.js';
import { type Secrets, secretsHeader } from './secrets.js';
import type { Integer } from './values.js';

/** A snapshot as its plugin tells it to Nomad, which keeps nothing of it. */
export interface NomadSnapshot {
  /** The plugin's ID of it. */
  readonly ID: string;
  /** The plugin's ID of the volume that it was taken of. */
  readonly ExternalSourceVolumeID: string;
  readonly SizeBytes: Integer;
  /** Seconds since 1970; 0 where the plugin does not tell. */
  readonly CreateTime: Integer;
  readonly IsReady: boolean;
  readonly PluginID: string;
}

const PATH = '/v1/volumes/snapshot';
const LIST = 'the capability "csi-list-volume" or "csi-read-volume"';
const WRITE = 'the capability "csi-write-volume", and plugin { policy = "read" }';
const PAGE = 1000;

export interface SnapshotRequest {
  /** Nomad's ID of the volume. */
  readonly volumeId: string;
  readonly pluginId: string;
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly secrets: Secrets;
  readonly namespace?: string | undefined;
}

/** Has a snapshot taken of a volume. The plugin has the volume's secrets besides those given. */
export async function createSnapshot(
  nomad: NomadClient,
  { volumeId, pluginId, name, parameters, secrets, namespace }: SnapshotRequest,
): Promise<NomadSnapshot> {
  const answer = (await nomad.write('PUT', PATH, {
    namespace,
    body: {
      Snapshots: [
        {
          SourceVolumeID: volumeId,
          PluginID: pluginId,
          Name: name,
          Secrets: secrets,
          Parameters: parameters,
        },
      ],
    },
    needs: WRITE,
    byPlugin: true,
  })) as { readonly Snapshots?: readonly NomadSnapshot[] | null } | undefined;
  const [snapshot] = answer?.Snapshots ?? [];
  if (snapshot !== undefined) return ofPlugin(snapshot, pluginId);
  throw new NomadError('Nomad took the request for a snapshot, and answered no snapshot', {
    code: 'INTERNAL',
    remedy: 'See whether it is there with `pannier snapshot list`.',
    request: `PUT ${PATH}`,
  });
}

/** All snapshots that a plugin has, the oldest first. */
export async function listSnapshots(
  nomad: NomadClient,
  pluginId: string,
  secrets: Secrets,
): Promise<readonly NomadSnapshot[]> {
  const all: NomadSnapshot[] = [];
  let token = '';
  do {
    const { document } = await nomad.read<{
      readonly Snapshots?: readonly NomadSnapshot[] | null;
      readonly NextToken?: string;
    } | null>(PATH, {
      query: { plugin_id: pluginId, per_page: PAGE, next_token: token || undefined },
      headers: secretsHeader(secrets),
      needs: LIST,
      byPlugin: true,
    });
    all.push(...(document?.Snapshots ?? []).map((one) => ofPlugin(one, pluginId)));
    token = document?.NextToken ?? '';
  } while (token !== '');
  return all.sort((a, b) => Number(a.CreateTime) - Number(b.CreateTime));
}

/** Nomad does not say whose a snapshot is, and leaves out what its plugin did not tell. */
function ofPlugin(snapshot: Partial<NomadSnapshot>, pluginId: string): NomadSnapshot {
  return {
    ...(snapshot as NomadSnapshot),
    SizeBytes: snapshot.SizeBytes ?? 0,
    CreateTime: snapshot.CreateTime ?? 0,
    IsReady: snapshot.IsReady ?? false,
    PluginID: pluginId,
  };
}

/** Has a snapshot deleted, which is named by the plugin's ID. A volume's secrets do not get there from Nomad. */
export async function deleteSnapshot(
  nomad: NomadClient,
  pluginId: string,
  snapshotId: string,
  secrets: Secrets,
): Promise<void> {
  await nomad.write('DELETE', PATH, {
    query: { plugin_id: pluginId, snapshot_id: snapshotId },
    headers: secretsHeader(secrets),
    needs: WRITE,
    byPlugin: true,
  });
}
