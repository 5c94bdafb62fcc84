import type { AllocationStub } from '../../nomad/allocations.js';
import type { NomadClient } from '../../nomad/client.js';
import { NomadError } from '../../nomad/errors.js';
import {
  detachVolume,
  listVolumes,
  type NomadVolume,
  type VolumeStub,
} from '../../nomad/volumes.js';
import { CommandError } from '../errors.js';
import { volumeTable } from './volumes.js';

/** True where Nomad takes a volume to be in use, also by allocations that are over. */
export function isClaimed({ ReadAllocs, WriteAllocs }: NomadVolume): boolean {
  return Object.keys(ReadAllocs).length + Object.keys(WriteAllocs).length > 0;
}

/** The allocations that use a volume now, or are about to. */
export function users({ Allocations }: NomadVolume): readonly AllocationStub[] {
  return Allocations.filter(({ ClientStatus }) =>
    ['pending', 'running', 'unknown'].includes(ClientStatus),
  );
}

/** Throws CommandError where allocations use a volume: Nomad asks its plugin to delete it before it looks. */
export function refuseUsed(volume: NomadVolume): void {
  const found = users(volume);
  if (found.length === 0) return;
  const names = found.map(({ ID, JobID }) => `${ID.slice(0, 8)} of job "${JobID}"`);
  throw new CommandError(`volume "${volume.ID}" is used by allocation ${names.join(' and ')}`, {
    code: 'FAILED_PRECONDITION',
    remedy: 'Stop the jobs first.',
    details: found.map(({ ID }) => ID),
  });
}

/** The other volumes that stand for the same one of a plugin's, in all namespaces that the token may see. */
export async function sameVolume(
  nomad: NomadClient,
  {
    ID,
    Namespace,
    PluginID,
    ExternalID,
  }: Pick<VolumeStub, 'ID' | 'Namespace' | 'PluginID' | 'ExternalID'>,
): Promise<readonly VolumeStub[]> {
  const all = await listVolumes(nomad, { namespace: '*' }).then(
    ({ document }) => document,
    // A token that may not look elsewhere is no reason not to go on.
    () => [],
  );
  return all.filter(
    (other) =>
      other.PluginID === PluginID &&
      other.ExternalID === ExternalID &&
      (other.ID !== ID || other.Namespace !== Namespace),
  );
}

/** Throws CommandError where Nomad has the same volume of the plugin's a second time. */
export async function refuseShared(nomad: NomadClient, volume: NomadVolume): Promise<void> {
  const others = await sameVolume(nomad, volume);
  if (others.length === 0) return;
  throw new CommandError(
    `volume "${volume.ID}" is registered ${others.length === 1 ? 'a second time' : 'several times more'}, and all stand for "${volume.ExternalID}": deleting one deletes the data of all`,
    {
      text: volumeTable(others),
      code: 'FAILED_PRECONDITION',
      remedy: 'Take the others out of Nomad first, with `pannier volume deregister`.',
      details: others.map(({ ID, Namespace }) => ({ ID, Namespace })),
    },
  );
}

/** Takes a node's claims on a volume back. False where it has none. */
export async function detachFrom(
  nomad: NomadClient,
  { ID, Namespace, Allocations }: NomadVolume,
  nodeId: string,
): Promise<boolean> {
  try {
    await detachVolume(nomad, ID, { namespace: Namespace, nodeId });
    return true;
  } catch (error) {
    if (!(error instanceof NomadError) || !error.body?.includes('Unknown allocation')) throw error;
    if (!Allocations.some(({ NodeID }) => NodeID === nodeId)) return false;
    throw new CommandError(
      'this version of Nomad detaches nothing: it looks for the allocation of a detachment, which has none',
      {
        code: 'UNIMPLEMENTED',
        remedy: `Stop the jobs that use the volume there. Claims of allocations that are over go within minutes; \`pannier volume deregister -force ${ID}\` frees them at once, and the volume is registered again. A node that is lost lets go when Nomad takes it to be down.`,
        cause: error,
      },
    );
  }
}
