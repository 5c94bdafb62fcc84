import type { NomadClient } from '../../nomad/client.js';
import { registerVolume } from '../../nomad/volumes.js';
import type { CreateVolumeResponse } from '../../proto/csi/v1/csi_pb.js';
import { createVolumeRequest } from '../../spec/csi.js';
import { nomadVolume, type NomadVolume as SentVolume } from '../../spec/nomad.js';
import type { VolumeSpec } from '../../spec/volume.js';
import { type CreatedVolume, createdVolume, describeCreated } from '../created.js';
import { checkForNomad } from '../nomad/volume-create.js';
import type { Output } from '../output.js';
import { openPlugin, type Plugin } from '../plugin.js';
import { inOrder, type UsableSpecs } from '../specs.js';

/** Creates volumes straight through a controller, in order, and tells Nomad of each where there is one. */
export async function createStraight(
  output: Output,
  endpoint: string,
  { specs, inBlocks }: Pick<UsableSpecs, 'specs' | 'inBlocks'>,
  nomad: NomadClient | undefined,
): Promise<void> {
  if (nomad !== undefined) for (const spec of specs) checkForNomad(spec);
  await using plugin = openPlugin(endpoint);
  const volumes = await inOrder(specs, (spec) => createOne(output, plugin, spec, nomad));
  await output.data(inBlocks ? volumes : volumes[0], () =>
    volumes
      .map((volume, at) =>
        [
          describeCreated(volume),
          ...(nomad === undefined ? [] : [`Volume "${specs[at]?.id}" registered`]),
        ].join('\n'),
      )
      .join('\n\n'),
  );
}

async function createOne(
  output: Output,
  plugin: Plugin,
  spec: VolumeSpec,
  nomad: NomadClient | undefined,
): Promise<CreatedVolume> {
  output.monitor(`Creating volume "${spec.name}"`);
  const answer = await output.progress(
    'CreateVolume',
    plugin.controller.createVolume(createVolumeRequest(spec)),
  );
  const created = createdVolume(spec.name, answer);
  output.monitor(`Created volume "${created.id}"`);
  if (nomad !== undefined) {
    const sent = registration(spec, answer);
    await output.progress('Registering in Nomad', registerVolume(nomad, sent));
    output.monitor(`Registered it in Nomad as "${spec.id}"`);
  }
  return created;
}

/** What tells Nomad of a volume that a controller made, so that it knows what it would know had it asked itself. */
export function registration(spec: VolumeSpec, { volume }: CreateVolumeResponse): SentVolume {
  const topologies = (volume?.accessibleTopology ?? []).map(({ segments }) => ({
    Segments: segments,
  }));
  return {
    ...nomadVolume(spec),
    ExternalID: volume?.volumeId ?? '',
    Context: volume?.volumeContext ?? null,
    Capacity: volume?.capacityBytes ?? 0n,
    ...(topologies.length === 0
      ? {}
      : { RequestedTopologies: { Required: topologies, Preferred: null } }),
  };
}
