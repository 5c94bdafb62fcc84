import type { ContentSource } from '../content-source.js';
import { type Copy, copyRequest } from '../copies.js';
import { createdVolume, describeCreated } from '../created.js';
import type { Output } from '../output.js';
import { openPlugin, type Plugin } from '../plugin.js';
import { findSnapshot } from '../snapshots.js';
import { findVolume } from '../volumes.js';

type Secrets = Readonly<Record<string, string>>;
type Source = ContentSource & { readonly sizeBytes: bigint };

/** Makes a volume from another straight through a controller. */
export async function cloneStraight(
  output: Output,
  endpoint: string,
  volume: string,
  name: string,
  copy: Copy,
  secrets: Secrets,
): Promise<void> {
  await using plugin = openPlugin(endpoint);
  const { id, capacityBytes: sizeBytes } = await output.progress(
    'Looking the volume up',
    findVolume(plugin, volume),
  );
  output.monitor(`Cloning volume "${id}" as "${name}"`);
  await make(output, plugin, name, copy, { kind: 'volume', id, sizeBytes }, secrets);
}

/** Makes a volume from a snapshot straight through a controller. */
export async function restoreStraight(
  output: Output,
  endpoint: string,
  snapshot: string,
  name: string,
  copy: Copy,
  secrets: Secrets,
): Promise<void> {
  await using plugin = openPlugin(endpoint);
  const { id, sizeBytes } = await output.progress(
    'Looking the snapshot up',
    findSnapshot(plugin, snapshot, secrets),
  );
  output.monitor(`Restoring snapshot "${id}" as volume "${name}"`);
  await make(output, plugin, name, copy, { kind: 'snapshot', id, sizeBytes }, secrets);
}

async function make(
  output: Output,
  plugin: Plugin,
  name: string,
  copy: Copy,
  source: Source,
  secrets: Secrets,
): Promise<void> {
  const answer = await output.progress(
    'CreateVolume',
    plugin.controller.createVolume(copyRequest(name, copy, source, secrets)),
  );
  const created = createdVolume(name, answer);
  output.monitor(`Created volume "${created.id}"`);
  await output.data(created, () => describeCreated(created));
}
