import type { AllocationStub, Task, VolumeRequest } from '../../../src/nomad/allocations.js';
import type { ClusterView } from '../../../src/nomad/check/view.js';
import type { Job } from '../../../src/nomad/jobs.js';
import type { DriverInfo, NodeStub } from '../../../src/nomad/nodes.js';
import type { NomadPlugin, PluginInstance } from '../../../src/nomad/plugins.js';
import type { VolumeStub } from '../../../src/nomad/volumes.js';

export const STATE_DIR = '/opt/nomad/data/client';

export function driver(attributes: Record<string, string> = {}, healthy = true): DriverInfo {
  return {
    Detected: healthy,
    Healthy: healthy,
    HealthDescription: healthy ? 'Healthy' : 'Failed to connect',
    Attributes: attributes,
  };
}

export function client(name: string, change: Partial<NodeStub> = {}): NodeStub {
  return {
    ID: `node-${name}`,
    Name: name,
    Address: '192.0.2.1',
    Datacenter: 'dc1',
    Status: 'ready',
    StatusDescription: '',
    SchedulingEligibility: 'eligible',
    Drain: false,
    Version: '1.11.2',
    Drivers: { raw_exec: driver(), exec: driver() },
    ...change,
  };
}

export function instance(change: Partial<PluginInstance> = {}): PluginInstance {
  return {
    PluginID: 'pannier',
    AllocID: '33333333-aaaa',
    Healthy: true,
    HealthDescription: 'healthy',
    UpdateTime: '',
    ProviderVersion: '0.1.0',
    RequiresControllerPlugin: true,
    RequiresTopologies: false,
    ...change,
  };
}

export function plugin(change: Partial<NomadPlugin> = {}): NomadPlugin {
  return {
    ID: 'pannier',
    Provider: 'csi.pannier.rbd',
    Version: '0.1.0',
    ControllerRequired: true,
    ControllersHealthy: 2,
    ControllersExpected: 2,
    NodesHealthy: 2,
    NodesExpected: 2,
    CreateIndex: 1,
    ModifyIndex: 2,
    Controllers: { 'node-a': instance(), 'node-b': instance() },
    Nodes: { 'node-a': instance(), 'node-b': instance() },
    Allocations: [],
    ...change,
  };
}

/** A job with one group of one task. */
export function job(
  id: string,
  task: Partial<Task>,
  change: Partial<Job> & {
    readonly count?: number;
    readonly volumes?: VolumeRequest[];
    readonly canary?: number;
  } = {},
): Job {
  const { count = 1, volumes = [], canary = 0, ...rest } = change;
  return {
    ID: id,
    Name: id,
    Namespace: 'default',
    Type: 'system',
    Status: 'running',
    Stop: false,
    TaskGroups: [
      {
        Name: 'group',
        Count: count,
        Tasks: [{ Name: 'task', Driver: 'raw_exec', Config: {}, ...task }],
        Volumes: Object.fromEntries(volumes.map((one) => [one.Name, one])),
        Update: { Canary: canary },
      },
    ],
    ...rest,
  };
}

export const NODE_JOB = job('pannier-node', {
  CSIPluginConfig: {
    ID: 'pannier',
    Type: 'node',
    MountDir: '/csi',
    StagePublishBaseDir: `${STATE_DIR}/csi/node/pannier`,
  },
});

export const CONTROLLER_JOB = job(
  'pannier-controller',
  { CSIPluginConfig: { ID: 'pannier', Type: 'controller', MountDir: '/csi' } },
  { Type: 'service', count: 2 },
);

/** A node job by the docker driver. */
export function dockerJob(config: Record<string, unknown> = {}): Job {
  return job('pannier-node', {
    Driver: 'docker',
    Config: {
      network_mode: 'host',
      cap_add: ['sys_admin'],
      devices: [{ host_path: '/dev/fuse' }, { host_path: '/dev/loop-control' }],
      ...config,
    },
    CSIPluginConfig: { ID: 'pannier', Type: 'node', MountDir: '/csi' },
  });
}

export function request(change: Partial<VolumeRequest> = {}): VolumeRequest {
  return {
    Name: 'data',
    Type: 'csi',
    Source: 'data',
    ReadOnly: false,
    PerAlloc: false,
    AccessMode: 'single-node-writer',
    AttachmentMode: 'file-system',
    ...change,
  };
}

export function volume(id: string, change: Partial<VolumeStub> = {}): VolumeStub {
  return {
    ID: id,
    Name: id,
    Namespace: 'default',
    ExternalID: `ceph/rbd/${id}`,
    PluginID: 'pannier',
    Provider: 'csi.pannier.rbd',
    Schedulable: true,
    CurrentReaders: 0,
    CurrentWriters: 0,
    ...change,
  } as VolumeStub;
}

/** An allocation of the node job whose task ended, or runs, with these events. */
export function allocation(state: string, ...events: string[]): AllocationStub {
  return {
    ID: '44444444-aaaa',
    JobID: 'pannier-node',
    NodeName: 'a',
    NodeID: 'node-a',
    Namespace: 'default',
    ClientStatus: state === 'running' ? 'running' : 'failed',
    DesiredStatus: 'run',
    TaskStates: {
      task: {
        State: state,
        Failed: state !== 'running',
        Restarts: 0,
        Events: events.map((DisplayMessage) => ({
          Type: 'Driver Failure',
          Time: 0,
          DisplayMessage,
        })),
      },
    },
  } as unknown as AllocationStub;
}

/** Two clients with a plugin that is whole, and a job that uses a volume of it. */
export function cluster(change: Partial<ClusterView> = {}): ClusterView {
  const nodes = [client('a'), client('b')];
  return {
    agent: { config: {}, member: {}, stats: {} },
    servers: [{ Name: 's1.global', Status: 'alive', Tags: { build: '1.11.2' } }],
    nodes,
    plugins: [plugin()],
    instances: nodes.flatMap(({ ID: nodeId, Name: nodeName }) =>
      (['controller', 'node'] as const).map((kind) => ({
        ...{ nodeId, nodeName, kind },
        instance: instance(),
      })),
    ),
    jobs: [
      NODE_JOB,
      CONTROLLER_JOB,
      job('db', { Driver: 'exec' }, { Type: 'service', volumes: [request()] }),
    ],
    pluginAllocations: [allocation('running')],
    volumes: [volume('data')],
    claimed: [],
    machine: undefined,
    ...change,
  };
}
