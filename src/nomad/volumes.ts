import {
  nomadVolumePath,
  nomadVolumeRequest,
  type NomadVolume as SentVolume,
} from '../spec/nomad.js';
import type { AllocationStub } from './allocations.js';
import type { Answer, NomadClient, ReadOptions } from './client.js';
import { NomadError } from './errors.js';
import { type Secrets, secretsHeader } from './secrets.js';
import type { Integer, Topology } from './values.js';

/** What Nomad tells of a volume in a list. Keys are Nomad's; what it leaves null is empty here. */
export interface VolumeStub {
  readonly ID: string;
  readonly Name: string;
  readonly Namespace: string;
  readonly ExternalID: string;
  readonly PluginID: string;
  readonly Provider: string;
  readonly Schedulable: boolean;
  readonly AccessMode: string;
  readonly AttachmentMode: string;
  readonly CurrentReaders: number;
  readonly CurrentWriters: number;
  readonly Topologies: readonly Topology[];
  readonly ControllerRequired: boolean;
  readonly ControllersHealthy: number;
  readonly ControllersExpected: number;
  readonly NodesHealthy: number;
  readonly NodesExpected: number;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

export interface Capability {
  readonly AccessMode: string;
  readonly AttachmentMode: string;
}

/** A volume. Secrets never come back from Nomad, and mount flags only as "[REDACTED]". */
export interface NomadVolume extends Omit<VolumeStub, 'CurrentReaders' | 'CurrentWriters'> {
  readonly ProviderVersion: string;
  /** Bytes; 0 for a volume that was registered. */
  readonly Capacity: Integer;
  /** Bytes; 0 where nothing was asked for, as the next. */
  readonly RequestedCapacityMin: Integer;
  readonly RequestedCapacityMax: Integer;
  readonly RequestedCapabilities: readonly Capability[];
  readonly RequestedTopologies: {
    readonly Required: readonly Topology[] | null;
    readonly Preferred: readonly Topology[] | null;
  } | null;
  readonly MountOptions: {
    readonly FSType: string;
    readonly MountFlags: readonly string[] | null;
  } | null;
  readonly Parameters: Readonly<Record<string, string>>;
  readonly Context: Readonly<Record<string, string>>;
  readonly CloneID: string;
  readonly SnapshotID: string;
  /** Those that claim it. */
  readonly Allocations: readonly AllocationStub[];
  /** The ids of those that claim it for reading, and for writing. */
  readonly ReadAllocs: Readonly<Record<string, unknown>>;
  readonly WriteAllocs: Readonly<Record<string, unknown>>;
}

const READ = 'the capability "csi-read-volume"';
const LIST = 'the capability "csi-list-volume" or "csi-read-volume"';
const WRITE =
  'the capabilities "csi-write-volume" and "csi-read-volume", and plugin { policy = "read" }';
const MOUNT = 'the capability "csi-mount-volume", and plugin { policy = "read" }';

interface ListOptions extends ReadOptions {
  /** Only volumes whose ID begins so. */
  readonly prefix?: string;
}

const PAGE = 1000;

/** All CSI volumes, by ID and then by namespace; the index is that of the first page. */
export async function listVolumes(
  nomad: NomadClient,
  { prefix, ...options }: ListOptions = {},
): Promise<Answer<readonly VolumeStub[]>> {
  const page = (token: string | undefined) =>
    nomad.read<readonly Partial<VolumeStub>[] | null>('/v1/volumes', {
      ...options,
      needs: LIST,
      query: {
        type: 'csi',
        prefix: prefix || undefined,
        per_page: PAGE,
        next_token: token,
      },
    });
  const first = await page(undefined);
  const all = [...(first.document ?? [])];
  for (let next = first.nextToken; next !== undefined; ) {
    const { document, nextToken } = await page(next);
    all.push(...(document ?? []));
    next = nextToken;
  }
  // A version without pages, or without prefixes, answers all each time.
  const stubs = new Map(
    all.map(asStub).map((stub) => [`${stub.ID}\n${stub.Namespace}`, stub] as const),
  );
  const document = [...stubs.values()]
    .filter(({ ID }) => ID.startsWith(prefix ?? ''))
    .sort((a, b) => compare(a.ID, b.ID) || compare(a.Namespace, b.Namespace));
  return { ...first, document, nextToken: undefined };
}

/** A volume by its whole ID, or undefined where Nomad has none. */
export async function readVolume(
  nomad: NomadClient,
  id: string,
  options: ReadOptions = {},
): Promise<Answer<NomadVolume> | undefined> {
  const answer = await nomad.find<Partial<NomadVolume>>(path(id), { ...options, needs: READ });
  return answer && { ...answer, document: asVolume(answer.document) };
}

/** Has a volume made by its plugin, or one that Nomad knows changed; answers what it is then. */
export async function createVolume(nomad: NomadClient, sent: SentVolume): Promise<NomadVolume> {
  const request = nomadVolumePath(sent.ID, 'create');
  const answer = await nomad.write('PUT', request, toSend(sent));
  const { Volumes } = (answer ?? {}) as { Volumes?: readonly Partial<NomadVolume>[] | null };
  const [volume] = Volumes ?? [];
  if (volume !== undefined) return asVolume(volume);
  throw new NomadError(`Nomad took the request for volume "${sent.ID}", and answered no volume`, {
    code: 'INTERNAL',
    remedy: 'See whether it is there with `pannier volume status`.',
    request: `PUT ${request}`,
  });
}

/** Tells Nomad of a volume that is there. */
export async function registerVolume(nomad: NomadClient, sent: SentVolume): Promise<void> {
  await nomad.write('PUT', path(sent.ID), toSend(sent));
}

/** The namespace that a volume names counts before the client's. */
function toSend(sent: SentVolume) {
  return {
    body: nomadVolumeRequest(sent),
    namespace: sent.Namespace || undefined,
    needs: WRITE,
    byPlugin: true,
  };
}

interface WriteOptions {
  readonly namespace?: string | undefined;
}

/** Makes Nomad forget a volume, whose data stays. With `force` also one that dead allocations claim. */
export async function deregisterVolume(
  nomad: NomadClient,
  id: string,
  { namespace, force }: WriteOptions & { readonly force: boolean },
): Promise<void> {
  await nomad.write('DELETE', path(id), { namespace, query: { force }, needs: WRITE });
}

/** Has a volume and its data deleted by its plugin, and forgets it. */
export async function deleteVolume(
  nomad: NomadClient,
  id: string,
  { namespace, secrets }: WriteOptions & { readonly secrets: Secrets },
): Promise<void> {
  await nomad.write('DELETE', `${path(id)}/delete`, {
    namespace,
    headers: secretsHeader(secrets),
    needs: WRITE,
    byPlugin: true,
  });
}

/** Has the claims of one node taken back; `nodeId` is the whole ID. */
export async function detachVolume(
  nomad: NomadClient,
  id: string,
  { namespace, nodeId }: WriteOptions & { readonly nodeId: string },
): Promise<void> {
  await nomad.write('DELETE', `${path(id)}/detach`, {
    namespace,
    query: { node: nodeId },
    needs: MOUNT,
    byPlugin: true,
  });
}

/** Where a volume itself is, which is where it is registered. */
function path(id: string): string {
  return nomadVolumePath(id, 'register');
}

/** Old versions leave out what came later, and several leave null what is empty, or list nothing as null. */
function asStub(stub: Partial<VolumeStub>): VolumeStub {
  return {
    ...(stub as VolumeStub),
    Namespace: stub.Namespace ?? 'default',
    Topologies: (stub.Topologies ?? []).filter((topology) => topology !== null),
  };
}

function asVolume(volume: Partial<NomadVolume>): NomadVolume {
  return {
    ...(volume as NomadVolume),
    ...asStub(volume),
    Capacity: volume.Capacity ?? 0,
    RequestedCapacityMin: volume.RequestedCapacityMin ?? 0,
    RequestedCapacityMax: volume.RequestedCapacityMax ?? 0,
    RequestedCapabilities: volume.RequestedCapabilities ?? [],
    RequestedTopologies: volume.RequestedTopologies ?? null,
    MountOptions: volume.MountOptions ?? null,
    Parameters: volume.Parameters ?? {},
    Context: volume.Context ?? {},
    Allocations: volume.Allocations ?? [],
    ReadAllocs: volume.ReadAllocs ?? {},
    WriteAllocs: volume.WriteAllocs ?? {},
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
