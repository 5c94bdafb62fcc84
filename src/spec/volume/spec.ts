import type { Range } from '../diagnostic.js';
import type { SpecCapability } from './capabilities.js';
import type { MountOptions } from './mount-options.js';
import type { NomadState } from './state.js';
import type { TopologyRequest } from './topology.js';

/** A volume specification, as Nomad understands it. Text that is not given is ''. */
export interface VolumeSpec {
  readonly type: 'csi';
  /** The volume's ID in Nomad. */
  readonly id: string;
  /** The CSI name: what makes a creation repeatable. */
  readonly name: string;
  readonly namespace: string;
  readonly pluginId: string;
  readonly externalId: string;
  readonly snapshotId: string;
  readonly cloneId: string;
  /** Bytes; 0 where not given. */
  readonly capacityMin: bigint;
  /** Bytes; 0 where not given. */
  readonly capacityMax: bigint;
  /** At least one. */
  readonly capabilities: readonly SpecCapability[];
  readonly mountOptions?: MountOptions;
  readonly topologyRequest?: TopologyRequest;
  /** As the two behind it: absent where it is not written at all, which Nomad tells from an empty one. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly context?: Readonly<Record<string, string>>;
  /** Texts in it that must not be shown, besides its secrets: of sensitive variables, and from elsewhere. */
  readonly sensitive?: readonly string[];
  /** What it sets of Nomad's own record of the volume. */
  readonly nomadState?: NomadState;
  /** Where its ID and its name are written, or would be; absent where it comes from no file. */
  readonly places?: { readonly id: Range; readonly name: Range };
}
