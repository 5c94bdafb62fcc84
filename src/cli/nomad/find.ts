import type { NomadClient, ReadOptions } from '../../nomad/client.js';
import { listVolumes, type NomadVolume, readVolume, type VolumeStub } from '../../nomad/volumes.js';
import { didYouMean } from '../../volume/guess.js';
import { CommandError } from '../errors.js';
import { volumeTable } from './volumes.js';

/** Stands for all namespaces. */
const ALL = '*';

/** The volume that has this ID, in Nomad or of its plugin. Throws CommandError, NOT_FOUND and AMBIGUOUS. */
export async function findVolume(
  nomad: NomadClient,
  id: string,
  options: ReadOptions = {},
): Promise<NomadVolume> {
  const volume = await byId(nomad, id, options);
  if (volume !== undefined) return volume;
  const { document } = await listVolumes(nomad, options);
  return await read(
    nomad,
    only(document.filter(isCalled(id))) ?? (await missing(nomad, id)),
    options,
  );
}

/** The same, where the beginning of Nomad's ID will do. */
export async function findVolumeByPrefix(
  nomad: NomadClient,
  id: string,
  options: ReadOptions = {},
): Promise<NomadVolume> {
  const volume = await byId(nomad, id, options);
  if (volume !== undefined) return volume;
  // A plugin's ID is none that Nomad could look for.
  const prefix = id.includes('/') ? '' : id;
  const { document } = await listVolumes(nomad, { ...options, prefix });
  const called = document.filter(isCalled(id));
  const found = only(called.length > 0 || prefix === '' ? called : document);
  return await read(nomad, found ?? (await missing(nomad, id)), options);
}

async function byId(
  nomad: NomadClient,
  id: string,
  options: ReadOptions,
): Promise<NomadVolume | undefined> {
  if (id.includes('/') || nomad.settings.namespace === ALL) return undefined;
  return (await readVolume(nomad, id, options))?.document;
}

function isCalled(id: string) {
  return ({ ID, ExternalID }: VolumeStub) => ID === id || ExternalID === id;
}

function only(found: readonly VolumeStub[]): VolumeStub | undefined {
  if (found.length <= 1) return found[0];
  throw new CommandError('Prefix matched multiple volumes', {
    text: volumeTable(found),
    code: 'AMBIGUOUS',
    details: found.map(({ ID, Namespace, ExternalID }) => ({ ID, Namespace, ExternalID })),
  });
}

async function read(
  nomad: NomadClient,
  { ID, Namespace }: VolumeStub,
  options: ReadOptions,
): Promise<NomadVolume> {
  const answer = await readVolume(nomad, ID, { ...options, namespace: Namespace });
  return answer?.document ?? (await missing(nomad, ID));
}

/** All volumes, as far as the token may see them. */
async function volumesToSee(nomad: NomadClient): Promise<readonly VolumeStub[]> {
  return listVolumes(nomad, { namespace: ALL }).then(
    ({ document }) => document,
    () => [],
  );
}

const idsOf = (volumes: readonly VolumeStub[]) => volumes.map(({ ID }) => ID);

/** `; did you mean "data"?` where Nomad has a volume that is called nearly so, or nothing. */
export async function nearVolume(nomad: NomadClient, id: string): Promise<string> {
  return didYouMean(id, idsOf(await volumesToSee(nomad)));
}

/** Says where else a volume is that is not in this namespace, as far as the token may see it. */
export async function missing(nomad: NomadClient, id: string): Promise<never> {
  const namespace = nomad.settings.namespace ?? 'default';
  const all = await volumesToSee(nomad);
  const others = all
    .filter(isCalled(id))
    .map((volume) => volume.Namespace)
    .filter((other) => other !== namespace);
  const here = all.filter(({ Namespace }) => Namespace === namespace || namespace === ALL);
  const meant = others.length > 0 ? '' : didYouMean(id, idsOf(here));
  const there = others.map((other) => `"${other}"`).join(' and ');
  throw new CommandError(
    `volume "${id}" does not exist in namespace "${namespace}"${there === '' ? meant : `, but in ${there}`}`,
    {
      code: 'NOT_FOUND',
      remedy:
        there === ''
          ? 'List what Nomad knows with `pannier volume status -namespace="*"`.'
          : `Say which with -namespace=${others[0]}.`,
    },
  );
}
