import { createVolume, type NomadVolume, registerVolume } from '../../nomad/volumes.js';
import { nomadVolume } from '../../spec/nomad.js';
import type { Output } from '../output.js';
import { type GivenSpecs, inOrder } from '../specs.js';
import { sameVolume } from './claims.js';
import type { GivenNomadFlags } from './flags.js';
import { openNomad } from './open.js';

/** Has volumes created through Nomad, or those that it knows changed, in order. */
export async function createThroughNomad(
  output: Output,
  flags: GivenNomadFlags,
  { specs, inBlocks }: GivenSpecs,
): Promise<void> {
  using nomad = openNomad(flags);
  const volumes = await inOrder(specs, async (spec): Promise<NomadVolume> => {
    output.monitor(`Creating volume "${spec.id}"`);
    return output.progress('Creating', createVolume(nomad, nomadVolume(spec)));
  });
  await output.data(inBlocks ? volumes : volumes[0], () =>
    volumes
      .map(({ ID, ExternalID }) => `Created external volume ${ExternalID} with ID ${ID}`)
      .join('\n'),
  );
}

/** Tells Nomad of volumes that are there, in order. */
export async function registerInNomad(
  output: Output,
  flags: GivenNomadFlags,
  { specs, inBlocks }: GivenSpecs,
): Promise<void> {
  using nomad = openNomad(flags);
  const volumes = await inOrder(specs, async (spec) => {
    const volume = nomadVolume(spec);
    const Namespace = spec.namespace || nomad.settings.namespace || 'default';
    const others = await sameVolume(nomad, { ...volume, Namespace });
    for (const other of others)
      output.warn(
        `"${spec.externalId}" is volume "${other.ID}" in namespace "${other.Namespace}" already; what one of them writes or deletes is gone from all`,
      );
    await output.progress('Registering', registerVolume(nomad, volume));
    return { ID: spec.id, Namespace, PluginID: spec.pluginId, ExternalID: spec.externalId };
  });
  await output.data(inBlocks ? volumes : volumes[0], () =>
    volumes.map(({ ID }) => `Volume "${ID}" registered`).join('\n'),
  );
}
