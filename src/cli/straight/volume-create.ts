import type { NomadClient } from '../../nomad/client.js';
import { registerVolume } from '../../nomad/volumes.js';
import { createVolumeRequest } from '../../spec/csi.js';
import { nomadVolume, type NomadVolume as SentVolume } from '../../spec/nomad.js';
import type { VolumeSpec } from '../../spec/volume.js';
import { type CreatedVolume, createdVolume, describeCreated } from '../created.js';
import type { Output } from '../output.js';
import { openPlugin, type Plugin } from '../plugin.js';
import { type GivenSpecs, inOrder } from '../specs.js';

/** Creates volumes straight through a controller, in order, and tells Nomad of each where there is one. */
export async function createStraight(
  output: Output,
  endpoint: string,
  { specs, inBlocks }: GivenSpecs,
  nomad: NomadClient | undefined,
): Promise<void> {
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

/** Creates one volume, and tells Nomad of it where there is one. */
export async function createOne(
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
    const topologies = (answer.volume?.accessibleTopology ?? []).map(({ segments }) => segments);
    const sent = registration(spec, created, topologies);
    await output.progress('Registering in Nomad', registerVolume(nomad, sent));
    output.monitor(`Registered it in Nomad as "${spec.id}"`);
  }
  return created;
}

/** What tells Nomad of a volume of a controller's, so that it knows what it would know had it asked itself. */
export function registration(
  spec: VolumeSpec,
  { id, capacityBytes, context }: Pick<CreatedVolume, 'id' | 'capacityBytes' | 'context'>,
  topologies: ReadonlyArray<Readonly<Record<string, string>>> = [],
): SentVolume {
  return {
    ...nomadVolume(spec),
    ExternalID: id,
    Context: context,
    Capacity: capacityBytes,
    Topologies: topologies.length === 0 ? null : topologies.map((Segments) => ({ Segments })),
  };
}
