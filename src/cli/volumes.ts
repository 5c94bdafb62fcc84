import type { Volume } from '../proto/csi/v1/csi_pb.js';
import { didYouMean } from '../volume/guess.js';
import { formatBytes } from '../volume/size.js';
import { table } from './columns.js';
import { type ContentSource, contentSource } from './content-source.js';
import { CommandError } from './errors.js';
import { onlyOne } from './matching.js';
import { isStatus, type Plugin } from './plugin.js';

/** A volume as commands show it; the keys are those of -json and -t. */
export interface ListedVolume {
  readonly id: string;
  /** The CSI name; null where the plugin does not tell it. */
  readonly name: string | null;
  readonly capacityBytes: bigint;
  /** Node ids on which it is published. */
  readonly nodes: readonly string[];
  /** What it was made from; null where from nothing. */
  readonly source: ContentSource | null;
  readonly context: Readonly<Record<string, string>>;
}

const PAGE = 1000;

/** All volumes, page by page, in the plugin's order. */
export async function listVolumes({ controller }: Plugin): Promise<ListedVolume[]> {
  const volumes: ListedVolume[] = [];
  let startingToken = '';
  do {
    const page = await controller.listVolumes({ maxEntries: PAGE, startingToken });
    for (const { volume, status } of page.entries)
      if (volume !== undefined) volumes.push(listed(volume, status?.publishedNodeIds ?? []));
    startingToken = page.nextToken;
  } while (startingToken !== '');
  return volumes;
}

/** The volume that `id` is the handle or the CSI name of, or undefined. */
export async function lookUpVolume(plugin: Plugin, id: string): Promise<ListedVolume | undefined> {
  return (await getVolume(plugin, id)) ?? only(await listVolumes(plugin), id, isExactly);
}

/** The same. Throws CommandError, NOT_FOUND, where there is none. */
export async function findVolume(plugin: Plugin, id: string): Promise<ListedVolume> {
  const exact = await getVolume(plugin, id);
  if (exact !== undefined) return exact;
  const volumes = await listVolumes(plugin);
  return only(volumes, id, isExactly) ?? notFound(id, near(volumes, id));
}

/** The same, where the beginning of a handle or a name will do. */
export async function findVolumeByPrefix(plugin: Plugin, id: string): Promise<ListedVolume> {
  const exact = await getVolume(plugin, id);
  if (exact !== undefined) return exact;
  const volumes = await listVolumes(plugin);
  return (
    only(volumes, id, isExactly) ?? only(volumes, id, beginsWith) ?? notFound(id, near(volumes, id))
  );
}

/** The volume that has this handle, or undefined. */
async function getVolume({ controller }: Plugin, id: string): Promise<ListedVolume | undefined> {
  if (!id.includes('/')) return undefined;
  try {
    const { volume, status } = await controller.controllerGetVolume({ volumeId: id });
    return volume === undefined ? undefined : listed(volume, status?.publishedNodeIds ?? []);
  } catch (error) {
    if (isStatus(error, 'NOT_FOUND') || isStatus(error, 'UNIMPLEMENTED')) return undefined;
    throw error;
  }
}

/** `near` is what was probably meant, as didYouMean says it. */
export function notFound(id: string, near = ''): never {
  throw new CommandError(`volume "${id}" does not exist${near}`, {
    code: 'NOT_FOUND',
    remedy: 'List what exists with `pannier volume status`.',
  });
}

function near(volumes: readonly ListedVolume[], id: string): string {
  const names = volumes.flatMap(({ name }) => (name === null ? [] : [name]));
  return didYouMean(id, [...names, ...volumes.map((volume) => volume.id)]);
}

export function volumeTable(volumes: readonly ListedVolume[]): string {
  return table(
    ['ID', 'Name', 'Capacity', 'Nodes'],
    volumes.map(({ id, name, capacityBytes, nodes }) => [
      id,
      name,
      formatBytes(capacityBytes),
      nodes.join(','),
    ]),
  );
}

function listed(volume: Volume, nodes: readonly string[]): ListedVolume {
  const { volumeId: id, capacityBytes, volumeContext: context } = volume;
  const source = contentSource(volume.contentSource);
  return {
    id,
    name: context.name ?? null,
    capacityBytes,
    nodes: [...nodes].sort(),
    source,
    context,
  };
}

function isExactly({ id, name }: ListedVolume, text: string): boolean {
  return id === text || name === text;
}

function beginsWith({ id, name }: ListedVolume, text: string): boolean {
  return id.startsWith(text) || name?.startsWith(text) === true;
}

function only(
  volumes: readonly ListedVolume[],
  text: string,
  matches: (volume: ListedVolume, text: string) => boolean,
): ListedVolume | undefined {
  return onlyOne(
    volumes.filter((volume) => matches(volume, text)),
    'Prefix matched multiple volumes',
    volumeTable,
  );
}
