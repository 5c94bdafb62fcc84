import { deleteVolume } from '../../nomad/volumes.js';
import type { Output } from '../output.js';
import { refuseShared, refuseUsed } from './claims.js';
import { findVolume } from './find.js';
import type { GivenNomadFlags } from './flags.js';
import { openNomad } from './open.js';

/** Has a volume deleted through Nomad, with its data. */
export async function deleteThroughNomad(
  output: Output,
  flags: GivenNomadFlags,
  id: string,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  using nomad = openNomad(flags);
  const volume = await output.progress('Looking the volume up', findVolume(nomad, id));
  refuseUsed(volume);
  await output.progress('Looking for others of it', refuseShared(nomad, volume));
  const { ID, Namespace, ExternalID } = volume;
  await output.progress('Deleting', deleteVolume(nomad, ID, { namespace: Namespace, secrets }));
  await output.data({ ID, Namespace, ExternalID }, () => `Successfully deleted volume "${ID}"!`);
}
