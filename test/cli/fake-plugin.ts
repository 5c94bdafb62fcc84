import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { type Handlers, implement } from '../../src/csi/wire/adapter.js';
import { HealthService } from '../../src/csi/wire/health.js';
import { serve } from '../../src/csi/wire/server.js';
import { openLog } from '../../src/observe/log.js';
import {
  Controller,
  ControllerServiceCapability_RPC_Type as ControllerRpc,
  Identity,
  Node,
  NodeServiceCapability_RPC_Type as NodeRpc,
  PluginCapability_Service_Type as Service,
  VolumeUsage_Unit as Unit,
  type VolumeContentSource,
} from '../../src/proto/csi/v1/csi_pb.js';
import { Admin, type Work_Kind } from '../../src/proto/pannier/admin/v1/admin_pb.js';
import { fail } from '../../src/volume/errors.js';

interface FakeVolume {
  readonly id: string;
  readonly name: string;
  size: bigint;
  readonly nodes: Set<string>;
  source?: VolumeContentSource | undefined;
}

interface FakeSnapshot {
  readonly id: string;
  readonly source: string;
  readonly size: bigint;
  readonly created: Date;
}

export interface FakeDeletion {
  readonly volumeId: string;
  readonly name: string;
  readonly imageId: string;
  readonly sizeBytes: bigint;
  readonly deleted: Date;
  readonly until: Date;
  readonly snapshots: number;
  readonly freeing: boolean;
}

interface FakeWork {
  readonly kind: Work_Kind;
  readonly volumeId?: string;
  readonly percent?: number;
  readonly until?: Date;
}

/** When all its snapshots are taken. */
export const NOW = new Date('2026-01-02T15:04:05.678Z');

/** A CSI plugin in memory, for what the commands do and print. It keeps the calls that were made. */
export class FakePlugin {
  readonly volumes = new Map<string, FakeVolume>();
  readonly snapshots = new Map<string, FakeSnapshot>();
  /** What its Admin service tells; undefined where it has none, as other drivers. */
  admin: { readonly deleted: FakeDeletion[]; readonly work: FakeWork[] } | undefined = {
    deleted: [],
    work: [],
  };
  readonly calls: Array<{ readonly rpc: string; readonly request: Record<string, unknown> }> = [];
  /** Target paths, and the volume at each. */
  readonly targets = new Map<string, string>();
  /** RPCs that fail, with the way they do. */
  readonly failing = new Map<string, () => never>();
  pageSize = 2;
  /** CreateSnapshot, DeleteSnapshot, ListSnapshots and GetSnapshot. */
  offersSnapshots = true;

  add(id: string, name: string, size: bigint, ...nodes: string[]): void {
    this.volumes.set(id, { id, name, size, nodes: new Set(nodes) });
  }

  addSnapshot(id: string, source: string, size: bigint, created: Date): void {
    this.snapshots.set(id, { id, source, size, created });
  }

  /** The RPCs since the last time this was asked. */
  took(): string[] {
    return this.calls.splice(0).map(({ rpc }) => rpc);
  }

  async listen(endpoint: string): Promise<() => Promise<void>> {
    const server = await serve(
      endpoint,
      [
        this.#identity(),
        this.#controller(),
        this.#node(),
        ...(this.admin === undefined ? [] : [this.#admin(this.admin)]),
        new HealthService([]).implementation(),
      ],
      openLog('error'),
    );
    return () => server.close(0);
  }

  #record(rpc: string, request: object): void {
    this.calls.push({ rpc, request: { ...request } });
    this.failing.get(rpc)?.();
  }

  #volume(id: string): FakeVolume {
    return this.volumes.get(id) ?? fail('volume-not-found', { volume: id });
  }

  #snapshot(id: string): FakeSnapshot {
    return this.snapshots.get(id) ?? fail('snapshot-not-found', { snapshot: id });
  }

  #identity() {
    return implement(Identity, {
      getPluginInfo: async () => ({ name: 'fake.pannier', vendorVersion: '1.2.3' }),
      getPluginCapabilities: async () => ({
        capabilities: [{ type: { case: 'service', value: { type: Service.CONTROLLER_SERVICE } } }],
      }),
      probe: async () => ({ ready: true }),
    });
  }

  #controller() {
    const answer = ({ id, name, size, source }: FakeVolume) => ({
      volumeId: id,
      capacityBytes: size,
      volumeContext: name === '' ? {} : { name },
      ...(source === undefined ? {} : { contentSource: source }),
    });
    return implement(Controller, {
      createVolume: async (request) => {
        this.#record('CreateVolume', request);
        this.add(
          `fake/rbd/${request.name}`,
          request.name,
          request.capacityRange?.requiredBytes ?? 1n << 30n,
        );
        const volume = this.#volume(`fake/rbd/${request.name}`);
        volume.source = request.volumeContentSource;
        return { volume: answer(volume) };
      },
      deleteVolume: async (request) => {
        this.#record('DeleteVolume', request);
        this.volumes.delete(request.volumeId);
        return {};
      },
      ...(this.offersSnapshots ? this.#snapshotCalls() : {}),
      controllerPublishVolume: async (request) => {
        this.#record('ControllerPublishVolume', request);
        this.#volume(request.volumeId).nodes.add(request.nodeId);
        return { publishContext: { device: 'x' } };
      },
      controllerUnpublishVolume: async (request) => {
        this.#record('ControllerUnpublishVolume', request);
        this.#volume(request.volumeId).nodes.delete(request.nodeId);
        return {};
      },
      listVolumes: async ({ startingToken }) => {
        const from = Number(startingToken || 0);
        const all = [...this.volumes.values()];
        const page = all.slice(from, from + this.pageSize);
        const next = from + page.length;
        return {
          entries: page.map((volume) => ({
            volume: answer(volume),
            status: { publishedNodeIds: [...volume.nodes] },
          })),
          nextToken: next < all.length ? String(next) : '',
        };
      },
      controllerGetVolume: async ({ volumeId }) => {
        const volume = this.#volume(volumeId);
        return { volume: answer(volume), status: { publishedNodeIds: [...volume.nodes] } };
      },
      controllerExpandVolume: async (request) => {
        this.#record('ControllerExpandVolume', request);
        const volume = this.#volume(request.volumeId);
        const wanted = request.capacityRange?.requiredBytes ?? 0n;
        if (wanted > volume.size) volume.size = wanted;
        return { capacityBytes: volume.size, nodeExpansionRequired: true };
      },
      controllerGetCapabilities: async () => ({
        capabilities: [
          ControllerRpc.CREATE_DELETE_VOLUME,
          ControllerRpc.PUBLISH_UNPUBLISH_VOLUME,
        ].map((type) => ({ type: { case: 'rpc' as const, value: { type } } })),
      }),
    });
  }

  #snapshotCalls(): Partial<Handlers<typeof Controller>> {
    const answerSnapshot = ({ id, source, size, created }: FakeSnapshot) => ({
      snapshotId: id,
      sourceVolumeId: source,
      sizeBytes: size,
      creationTime: timestampFromDate(created),
      readyToUse: true,
    });
    return {
      createSnapshot: async (request) => {
        this.#record('CreateSnapshot', request);
        const id = `${request.sourceVolumeId}@${request.name}`;
        this.addSnapshot(
          id,
          request.sourceVolumeId,
          this.#volume(request.sourceVolumeId).size,
          NOW,
        );
        return { snapshot: answerSnapshot(this.#snapshot(id)) };
      },
      deleteSnapshot: async (request) => {
        this.#record('DeleteSnapshot', request);
        this.snapshots.delete(request.snapshotId);
        return {};
      },
      listSnapshots: async (request) => {
        this.failing.get('ListSnapshots')?.();
        const from = Number(request.startingToken || 0);
        const all = [...this.snapshots.values()].filter(
          ({ source }) => request.sourceVolumeId === '' || source === request.sourceVolumeId,
        );
        const page = all.slice(from, from + this.pageSize);
        const next = from + page.length;
        return {
          entries: page.map((snapshot) => ({ snapshot: answerSnapshot(snapshot) })),
          nextToken: next < all.length ? String(next) : '',
        };
      },
      getSnapshot: async ({ snapshotId }) => {
        this.failing.get('GetSnapshot')?.();
        return { snapshot: answerSnapshot(this.#snapshot(snapshotId)) };
      },
    };
  }

  #admin({ deleted, work }: NonNullable<FakePlugin['admin']>) {
    return implement(Admin, {
      listDeletedVolumes: async () => ({
        volumes: deleted.map((one) => ({
          ...one,
          deleted: timestampFromDate(one.deleted),
          until: timestampFromDate(one.until),
        })),
      }),
      undeleteVolume: async (request) => {
        this.#record('UndeleteVolume', request);
        const { volumeId } = request;
        const found = deleted.find((one) => one.volumeId === volumeId);
        const { name, sizeBytes } = found ?? fail('not-in-trash', { volume: volumeId });
        return { volumeId, name, sizeBytes };
      },
      moveVolume: async (request) => {
        this.#record('MoveVolume', request);
        const { volumeId, host } = request;
        return { volumeId, host: host || 'this-host' };
      },
      freeDeletedVolume: async (request) => {
        this.#record('FreeDeletedVolume', request);
        return { imageIds: [request.imageId] };
      },
      listWork: async () => {
        this.failing.get('ListWork')?.();
        return {
          work: work.map(({ until, ...one }) => ({
            ...one,
            ...(until === undefined ? {} : { until: timestampFromDate(until) }),
          })),
        };
      },
    });
  }

  #node() {
    return implement(Node, {
      nodeStageVolume: async (request) => {
        this.#record('NodeStageVolume', request);
        return {};
      },
      nodeUnstageVolume: async (request) => {
        this.#record('NodeUnstageVolume', request);
        return {};
      },
      nodePublishVolume: async (request) => {
        this.#record('NodePublishVolume', request);
        this.targets.set(request.targetPath, request.volumeId);
        return {};
      },
      nodeUnpublishVolume: async (request) => {
        this.#record('NodeUnpublishVolume', request);
        this.targets.delete(request.targetPath);
        return {};
      },
      nodeGetVolumeStats: async ({ volumeId, volumePath }) => {
        if (this.targets.get(volumePath) !== volumeId)
          fail('path-not-found', { volume: volumeId, path: volumePath });
        return { usage: [{ unit: Unit.BYTES, total: 1n << 30n, used: 1n << 20n, available: 0n }] };
      },
      nodeExpandVolume: async (request) => {
        this.#record('NodeExpandVolume', request);
        return { capacityBytes: request.capacityRange?.requiredBytes ?? 0n };
      },
      nodeGetCapabilities: async () => ({
        capabilities: [{ type: { case: 'rpc', value: { type: NodeRpc.STAGE_UNSTAGE_VOLUME } } }],
      }),
      nodeGetInfo: async () => ({
        nodeId: 'here',
        accessibleTopology: { segments: { rack: 'a' } },
      }),
    });
  }
}
