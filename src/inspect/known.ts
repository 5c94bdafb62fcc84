import type { Operation } from '../mesos/agent.js';
import type { Disk } from '../mesos/resources.js';
import type { TaskUse } from '../mesos/tasks.js';
import type { AllocationStub } from '../nomad/allocations.js';
import type { NomadVolume } from '../nomad/volumes.js';
import type { Gap, InspectedVolume } from '../volume/inspect/inspected.js';
import type { InspectedOnNode } from '../volume/inspect/on-node.js';

/** What Nomad knows of a volume. */
export interface NomadView {
  readonly volume: NomadVolume;
  readonly claims: readonly Claim[];
  /** Nodes that have the volume's plugin, or a claim. */
  readonly nodes: readonly ClientNode[];
  /** Ids of nodes that the plugin has the volume on, and that Nomad has forgotten. */
  readonly forgotten: readonly string[];
  /** Other volumes of Nomad's that are the same image. */
  readonly twins: ReadonlyArray<{ readonly id: string; readonly namespace: string }>;
  /** What could not be read. */
  readonly gaps: readonly Gap[];
}

/** A claim of Nomad's: an allocation that has the volume, or that Nomad believes to have it. */
export interface Claim {
  readonly allocationId: string;
  readonly mode: 'read' | 'write';
  /** Undefined where Nomad has forgotten it. */
  readonly allocation: AllocationStub | undefined;
}

/** A client node of Nomad's. */
export interface ClientNode {
  readonly id: string;
  readonly name: string;
  /** initializing, ready, down or disconnected; 'unknown' where Nomad does not tell. */
  readonly status: string;
  /** CSI's id of it, by which the plugin knows it; undefined where the plugin does not run there. */
  readonly csiId: string | undefined;
  readonly pluginHealthy: boolean;
}

/** What a node plugin tells, and where it was asked. */
export interface NodeView extends InspectedOnNode {
  readonly endpoint: string;
}

/** An agent of Mesos's that was asked. */
export interface MesosAgent {
  readonly address: string;
  readonly id: string;
  readonly hostname: string;
}

/** What Mesos's agents know of a volume. */
export interface MesosView {
  /** Where a resource provider has it: in one place, as it should be. */
  readonly disks: ReadonlyArray<
    Disk & {
      readonly agent: MesosAgent;
      readonly provider: { readonly id: string; readonly name: string };
      /** The plugin's type and name. */
      readonly plugin: string;
    }
  >;
  readonly uses: ReadonlyArray<TaskUse & { readonly agent: MesosAgent }>;
  readonly operations: ReadonlyArray<Operation & { readonly agent: MesosAgent }>;
  /** What could not be read. */
  readonly gaps: readonly Gap[];
}

/** All that could be found out of one volume. A part is undefined where nobody was reached who would know. */
export interface Known {
  /** Null where Nomad has no such volume. */
  readonly nomad: NomadView | null | undefined;
  /** Null where no agent that was asked knows of it. */
  readonly mesos: MesosView | null | undefined;
  /** What a controller of Pannier's tells; null where there is no such image, nor anything else of it. */
  readonly ceph: InspectedVolume | null | undefined;
  /** Where they were asked, for commands that go there again; undefined where nobody was. */
  readonly at: { readonly nomad: string | undefined; readonly controller: string | undefined };
  readonly nodes: readonly NodeView[];
}
