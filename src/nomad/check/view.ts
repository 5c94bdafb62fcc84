import type { AgentSelf, ServerMember } from '../agent.js';
import type { AllocationStub } from '../allocations.js';
import type { Job } from '../jobs.js';
import type { NodeStub } from '../nodes.js';
import type { NomadPlugin, PluginInstance } from '../plugins.js';
import type { NomadVolume, VolumeStub } from '../volumes.js';

/** What was read of a cluster; undefined where it could not be, so that nothing is guessed of it. */
export interface ClusterView {
  /** The agent that is asked. */
  readonly agent: AgentSelf | undefined;
  readonly servers: readonly ServerMember[] | undefined;
  readonly nodes: readonly NodeStub[] | undefined;
  readonly plugins: readonly NomadPlugin[] | undefined;
  /** Versions of a plugin's instances, by plugin and then by the node's ID. */
  readonly instances: readonly VersionedInstance[] | undefined;
  /** Jobs that are not over. */
  readonly jobs: readonly Job[] | undefined;
  /** Of jobs that run a plugin. */
  readonly pluginAllocations: readonly AllocationStub[] | undefined;
  readonly volumes: readonly VolumeStub[] | undefined;
  /** Those that Nomad counts claims of. */
  readonly claimed: readonly NomadVolume[] | undefined;
  /** What the machine is like that this runs on, where the agent that is asked is a client there. */
  readonly machine: Machine | undefined;
}

/** An instance of a plugin, with its version. */
export interface VersionedInstance {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly kind: 'controller' | 'node';
  readonly instance: PluginInstance;
}

/** What can be seen of a machine on the spot. */
export interface Machine {
  readonly nodeId: string;
  readonly stateDir: string;
  /** Whether containers see what is mounted below data_dir. */
  readonly shared: boolean;
  /** Devices of the kernel that are missing: "/dev/fuse". */
  readonly missingDevices: readonly string[];
}
