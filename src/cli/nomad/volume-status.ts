import type { NomadClient } from '../../nomad/client.js';
import { listExternalVolumes } from '../../nomad/external.js';
import { listPlugins } from '../../nomad/plugins.js';
import { listVolumes } from '../../nomad/volumes.js';
import { table } from '../columns.js';
import { failureOf } from '../errors.js';
import type { Output } from '../output.js';
import { findVolumeByPrefix } from './find.js';
import type { GivenNomadFlags } from './flags.js';
import { openNomad } from './open.js';
import { hasController } from './plugins.js';
import { describeVolume, volumeTable } from './volumes.js';

export interface StatusFlags extends GivenNomadFlags {
  readonly verbose: boolean;
  readonly stale: boolean;
  readonly monitor: boolean;
}

/** Shows what Nomad knows: all volumes, or one. */
export async function volumeStatus(
  output: Output,
  flags: StatusFlags,
  id: string | undefined,
): Promise<void> {
  using nomad = openNomad(flags);
  if (flags.monitor) {
    const { monitorVolume } = await import('./monitor.js');
    return await monitorVolume(output, nomad, id, flags.stale);
  }
  if (id === undefined) return await showAll(output, nomad, flags);
  const volume = await output.progress(
    'Reading the volume',
    findVolumeByPrefix(nomad, id, { stale: flags.stale }),
  );
  await output.data(volume, () => describeVolume(output, volume, flags.verbose));
}

async function showAll(
  output: Output,
  nomad: NomadClient,
  { stale, verbose }: StatusFlags,
): Promise<void> {
  const { document: volumes } = await output.progress(
    'Reading the volumes',
    listVolumes(nomad, { stale }),
  );
  const external = verbose && output.forPeople ? await externalSections(output, nomad) : [];
  await output.data(volumes, () =>
    [
      `${output.heading('Container Storage Interface')}\n${
        volumes.length === 0 ? 'No CSI volumes' : volumeTable(volumes)
      }`,
      ...external,
    ].join('\n\n'),
  );
}

/** What each plugin has, whether Nomad knows of it or not. One that cannot tell is told as that. */
async function externalSections(output: Output, nomad: NomadClient): Promise<string[]> {
  const { document: plugins } = await listPlugins(nomad);
  const sections: string[] = [];
  for (const plugin of plugins.filter(({ ControllerRequired }) => ControllerRequired)) {
    const { ID } = plugin;
    const title = output.heading(`Volumes of plugin ${ID}`);
    if (!hasController(plugin)) {
      sections.push(`${title}\nunknown: it has no healthy controller`);
      continue;
    }
    const rows = await output.progress(`Asking plugin ${ID}`, listExternalVolumes(nomad, ID)).then(
      (volumes) =>
        volumes.length === 0
          ? 'No volumes'
          : table(
              ['External ID', 'Condition', 'Nodes'],
              volumes.map((volume) => [
                volume.ExternalID,
                volume.IsAbnormal ? `Abnormal (${volume.Status})` : 'OK',
                (volume.PublishedExternalNodeIDs ?? []).join(','),
              ]),
            ),
      (error: unknown) => `unknown: ${failureOf(error).message}`,
    );
    sections.push(`${title}\n${rows}`);
  }
  return sections;
}
