import { csiIdsOf, nodeOf, viewOf } from '../../../inspect/joins.js';
import type { Claim, NomadView } from '../../../inspect/known.js';
import type { Integer, Topology } from '../../../nomad/values.js';
import type { NomadVolume } from '../../../nomad/volumes.js';
import type { InspectedImage } from '../../../volume/inspect/inspected.js';
import { heldOf } from '../../../volume/marks.js';
import { type Cell, keyValues, table } from '../../columns.js';
import { sizeInWords } from '../../sizes.js';
import type { Gathered } from '../gather.js';
import { gapLines, notKnown, type Section, short } from './section.js';

/** What Nomad knows: its record, what was asked for, and who has the volume. */
export function nomadSections(gathered: Gathered): Section[] {
  const { nomad } = gathered;
  if (!nomad) {
    const body = nomad === null ? 'Nomad has no such volume' : notKnown(gathered, 'nomad');
    return [{ title: 'Nomad', body, part: 'nomad' }];
  }
  const { volume, claims, gaps } = nomad;
  return [
    {
      title: 'Nomad',
      body: [keyValues(record(volume)), ...gapLines(gaps)].join('\n'),
      part: 'nomad',
    },
    { title: 'Specification', body: keyValues(specification(volume)) },
    {
      title: 'Claims',
      body:
        claims.length === 0
          ? 'none'
          : [claimTable(gathered, nomad), ...claims.flatMap(lastEvent)].join('\n'),
      part: 'claims',
    },
  ];
}

function record(volume: NomadVolume): Array<[string, Cell]> {
  return [
    ['Name', volume.Name],
    ['External ID', volume.ExternalID],
    ['Plugin ID', volume.PluginID],
    ['Provider', [volume.Provider, volume.ProviderVersion].filter(Boolean).join(' ')],
    ['Schedulable', volume.Schedulable],
    ['Controllers Healthy', `${volume.ControllersHealthy}/${volume.ControllersExpected}`],
    ['Nodes Healthy', `${volume.NodesHealthy}/${volume.NodesExpected}`],
    ['Capacity', size(volume.Capacity)],
    ['Access Mode', volume.AccessMode],
    ['Attachment Mode', volume.AttachmentMode],
  ];
}

function specification(volume: NomadVolume): Array<[string, Cell]> {
  const { FSType, MountFlags } = volume.MountOptions ?? {};
  return [
    ['Capacity Min', size(volume.RequestedCapacityMin)],
    ['Capacity Max', size(volume.RequestedCapacityMax)],
    ...volume.RequestedCapabilities.map(({ AccessMode, AttachmentMode }): [string, Cell] => [
      'Capability',
      `${AccessMode} ${AttachmentMode}`,
    ]),
    ['Mount Options', [FSType, ...(MountFlags ?? [])].filter(Boolean).join(' ')],
    ['Parameters', words(volume.Parameters)],
    ['Context', words(volume.Context)],
    ['From', volume.SnapshotID || volume.CloneID],
    ...topologies(volume),
  ];
}

/** Where it may be used, and where it was asked to be. */
function topologies({ Topologies, RequestedTopologies }: NomadVolume): Array<[string, Cell]> {
  const line = (title: string, all: readonly Topology[] | null | undefined) =>
    (all ?? []).map(({ Segments }): [string, Cell] => [title, words(Segments ?? {})]);
  return [
    ...line('Required Topology', RequestedTopologies?.Required),
    ...line('Preferred Topology', RequestedTopologies?.Preferred),
    ...line('Topology', Topologies),
  ];
}

function claimTable(gathered: Gathered, nomad: NomadView): string {
  return table(
    [
      'Allocation',
      'Claim',
      'Job',
      'Status',
      'Node',
      'Node Status',
      'Published',
      'Watched',
      'Mounted',
    ],
    nomad.claims.map((claim) => claimRow(gathered, nomad, claim)),
  );
}

/** An allocation, and its state on its node as Nomad, Ceph and the node itself have it. */
function claimRow(gathered: Gathered, nomad: NomadView, claim: Claim): Cell[] {
  const { allocationId, mode, allocation } = claim;
  const node = nodeOf(nomad, claim);
  const image = gathered.ceph?.image;
  const ids = node === undefined ? [] : csiIdsOf(node);
  const onNode = node && viewOf(gathered, node);
  const published =
    image?.published && Object.keys(heldOf(image.published)).some((id) => ids.includes(id));
  const mounted = onNode?.stagings.some(
    ({ access, mount, targets }) =>
      (access === 'block' || mount !== undefined) && targets.some((one) => one.mount !== undefined),
  );
  return [
    short(allocationId),
    mode,
    allocation?.JobID,
    allocation?.ClientStatus ?? 'forgotten',
    allocation?.NodeName,
    allocation && (node?.status ?? 'forgotten'),
    yesOrNo(published),
    yesOrNo(isWatched(image, ids)),
    yesOrNo(mounted),
  ];
}

/** Whether a client on a node has the image open; undefined where that is not known. */
function isWatched(image: InspectedImage | undefined, ids: readonly string[]): boolean | undefined {
  const { watchers } = image ?? {};
  if (watchers?.some(({ nodes }) => nodes?.some((id) => ids.includes(id)))) return true;
  return watchers?.some(({ nodes }) => nodes === undefined) ? undefined : watchers && false;
}

/** What happened last to an allocation that does not run: why it waits, or how it ended. */
function lastEvent({ allocationId, allocation }: Claim): string[] {
  if (allocation === undefined || allocation.ClientStatus === 'running') return [];
  const events = Object.values(allocation.TaskStates ?? {}).flatMap(({ Events }) => Events ?? []);
  const last = events.toSorted((a, b) => Number(a.Time) - Number(b.Time)).at(-1);
  const said = last ? `${last.Type}: ${last.DisplayMessage}` : allocation.ClientDescription;
  return said === '' ? [] : [`${short(allocationId)}: ${said}`];
}

function yesOrNo(answer: boolean | undefined): string {
  return answer === undefined ? 'not known' : answer ? 'yes' : 'no';
}

function size(bytes: Integer): string | undefined {
  return Number(bytes) === 0 ? undefined : sizeInWords(BigInt(bytes));
}

function words(map: Readonly<Record<string, string>>): string {
  return Object.entries(map)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}
