import type { NomadClient } from '../../nomad/client.js';
import { listPlugins } from '../../nomad/plugins.js';
import { listSnapshots, type NomadSnapshot } from '../../nomad/snapshots.js';
import { table } from '../columns.js';
import { CommandError, failureOf } from '../errors.js';
import type { Output } from '../output.js';
import { beginsSnapshot, isSnapshotCalled } from '../snapshot-names.js';
import { snapshotNotFound } from '../snapshots.js';
import { formatTime } from '../time.js';
import { findPluginStub, hasController } from './plugins.js';
import { nomadBytes } from './volumes.js';

type Secrets = Readonly<Record<string, string>>;

/** A snapshot with its plugin, as `nomad volume snapshot` shows it, but with whole IDs. */
export function snapshotTable(snapshots: readonly NomadSnapshot[]): string {
  return table(
    ['Snapshot ID', 'Volume ID', 'Size', 'Create Time', 'Ready?'],
    snapshots.map((one) => [
      one.ID,
      one.ExternalSourceVolumeID,
      nomadBytes(one.SizeBytes),
      createTime(one),
      one.IsReady,
    ]),
  );
}

function createTime({ CreateTime }: NomadSnapshot): string | undefined {
  const seconds = Number(CreateTime);
  return seconds === 0 ? undefined : formatTime(new Date(seconds * 1000));
}

/**
 * The snapshots of one plugin, or of all whose controller can be asked. Of several, one that cannot tell is a
 * warning.
 */
export async function allSnapshots(
  output: Output,
  nomad: NomadClient,
  plugin: string | undefined,
  secrets: Secrets,
): Promise<readonly NomadSnapshot[]> {
  const plugins =
    plugin === undefined
      ? (await listPlugins(nomad)).document.filter(hasController)
      : [await findPluginStub(nomad, plugin)];
  const lists = plugins.map(({ ID }) =>
    listSnapshots(nomad, ID, secrets).catch((error: unknown) => {
      if (plugins.length === 1) throw error;
      output.warn(`the snapshots of plugin "${ID}" are not known: ${failureOf(error).message}`);
      return [];
    }),
  );
  return (await Promise.all(lists)).flat();
}

/** The snapshot that has this ID, or was taken with this name, or undefined. Throws CommandError for several. */
export function snapshotCalled(
  snapshots: readonly NomadSnapshot[],
  text: string,
): NomadSnapshot | undefined {
  return only(snapshots.filter(({ ID }) => isSnapshotCalled(ID, text)));
}

/** The same, where the beginning of an ID, or of what follows its "@", will do. Throws CommandError. */
export function findSnapshotByPrefix(
  snapshots: readonly NomadSnapshot[],
  text: string,
): NomadSnapshot {
  return (
    snapshotCalled(snapshots, text) ??
    only(snapshots.filter(({ ID }) => beginsSnapshot(ID, text))) ??
    snapshotNotFound(text)
  );
}

function only(found: readonly NomadSnapshot[]): NomadSnapshot | undefined {
  if (found.length <= 1) return found[0];
  throw new CommandError('Prefix matched multiple snapshots', {
    text: snapshotTable(found),
    code: 'AMBIGUOUS',
    details: found.map(({ ID, PluginID }) => ({ ID, PluginID })),
  });
}
