import type { Known, NodeView, NomadView } from '../../src/inspect/known.js';
import type { AllocationStub } from '../../src/nomad/allocations.js';
import type { NomadVolume } from '../../src/nomad/volumes.js';
import type {
  InspectedImage,
  InspectedVolume,
  InspectedWatcher,
} from '../../src/volume/inspect/inspected.js';
import type { InspectedStaging } from '../../src/volume/inspect/on-node.js';

export const GIB = 1n << 30n;
/** Nomad's ID of the node that CSI calls "worker-1". */
export const NODE = '11111111-aaaa-bbbb-cccc-000000000001';
export const ALLOCATION = '22222222-aaaa-bbbb-cccc-000000000001';
export const HANDLE = 'ceph/rbd/pannier-data';
export const ENDPOINT = 'unix:///run/csi.sock';

export function allocation(change: Partial<AllocationStub> = {}): AllocationStub {
  return {
    ID: ALLOCATION,
    Name: 'db.db[0]',
    Namespace: 'default',
    NodeID: NODE,
    NodeName: 'client-1',
    JobID: 'db',
    JobType: 'service',
    JobVersion: 0,
    TaskGroup: 'db',
    DesiredStatus: 'run',
    DesiredDescription: '',
    ClientStatus: 'running',
    ClientDescription: '',
    CreateIndex: 1,
    ModifyIndex: 2,
    CreateTime: 0,
    ModifyTime: 0,
    ...change,
  } as AllocationStub;
}

export function nomadVolume(change: Partial<NomadVolume> = {}): NomadVolume {
  return {
    ID: 'data',
    Name: 'data',
    Namespace: 'default',
    ExternalID: HANDLE,
    PluginID: 'rbd',
    Provider: 'csi.pannier.rbd',
    ProviderVersion: '0.1.0',
    Schedulable: true,
    AccessMode: 'single-node-writer',
    AttachmentMode: 'file-system',
    Topologies: [],
    ControllerRequired: true,
    ControllersHealthy: 1,
    ControllersExpected: 1,
    NodesHealthy: 1,
    NodesExpected: 1,
    CreateIndex: 1,
    ModifyIndex: 2,
    Capacity: Number(GIB),
    RequestedCapacityMin: Number(GIB),
    RequestedCapacityMax: 0,
    RequestedCapabilities: [],
    MountOptions: null,
    Parameters: {},
    Context: {},
    CloneID: '',
    SnapshotID: '',
    Allocations: [],
    ReadAllocs: {},
    WriteAllocs: {},
    ...change,
  } as NomadVolume;
}

/** A volume in Nomad that one running allocation writes, on "worker-1". */
export function nomad(change: Partial<NomadView> = {}): NomadView {
  return {
    volume: nomadVolume(),
    claims: [{ allocationId: ALLOCATION, mode: 'write', allocation: allocation() }],
    nodes: [
      { id: NODE, name: 'client-1', status: 'ready', csiId: 'worker-1', pluginHealthy: true },
    ],
    forgotten: [],
    twins: [],
    gaps: [],
    ...change,
  };
}

export function image(change: Partial<InspectedImage> = {}): InspectedImage {
  return {
    id: 'abc123',
    sizeBytes: GIB,
    used: { bytes: 0n, lookedAtBytes: GIB },
    features: ['layering'],
    objectMapInvalid: false,
    objectSizeBytes: 4n << 20n,
    dataPool: undefined,
    created: new Date(0),
    deleting: false,
    published: { 'worker-1': { mode: 'SINGLE_NODE_WRITER', access: 'mount', readonly: false } },
    watchers: [watcher(['worker-1'])],
    locks: [],
    snapshots: [],
    children: [],
    parents: [],
    ...change,
  };
}

export function watcher(nodes: readonly string[] | undefined, works = false): InspectedWatcher {
  return { address: '192.0.2.1:0/7', clientId: 7n, nodes, works };
}

export function ceph(change: Partial<InspectedVolume> = {}): InspectedVolume {
  return {
    handle: { cluster: 'ceph', pool: 'rbd', namespace: '', image: 'pannier-data' },
    record: {
      keeper: 'pannier',
      name: 'data',
      sizeBytes: GIB,
      source: '',
      layout: '',
      host: undefined,
      state: 'whole',
    },
    image: image(),
    deleted: [],
    flattenedPercent: undefined,
    gaps: [],
    ...change,
  };
}

const MOUNT = { device: '/dev/loop0', fsType: 'ext4', readonly: false };

export function staging(change: Partial<InspectedStaging> = {}): InspectedStaging {
  return {
    path: '/csi/staging',
    state: 'staged',
    imageId: 'abc123',
    mode: 'SINGLE_NODE_WRITER',
    access: 'mount',
    mount: MOUNT,
    targets: [{ path: '/csi/target', readonly: false, mount: MOUNT }],
    ...change,
  };
}

export function node(change: Partial<NodeView> = {}): NodeView {
  return {
    endpoint: ENDPOINT,
    volumeId: HANDLE,
    nodeId: 'worker-1',
    hostname: 'host-1',
    mapping: {
      mapper: 'fuse',
      alive: true,
      devices: [{ path: '/dev/loop0', readonly: false, sizeBytes: GIB }],
    },
    stagings: [staging()],
    unknownPaths: [],
    fileSystem: {
      type: 'ext4',
      totalBytes: GIB,
      usedBytes: 1n,
      availableBytes: 1n,
      inodes: 10n,
      usedInodes: 1n,
      smaller: false,
    },
    holders: [],
    gaps: [],
    ...change,
  };
}

/** A volume that is in use on one node, of which everything fits together. */
export function known(change: Partial<Known> = {}): Known {
  const at = { nomad: 'http://127.0.0.1:4646', controller: undefined };
  return { nomad: nomad(), mesos: undefined, ceph: ceph(), nodes: [node()], at, ...change };
}
