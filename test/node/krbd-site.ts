import type { MessageInitShape } from '@bufbuild/protobuf';
import { CallError } from '../../src/csi/wire/client.js';
import {
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapabilitySchema,
} from '../../src/proto/csi/v1/csi_pb.js';
import { type LabCeph, type StartOptions, startCeph } from '../lab/ceph.js';
import type { Machine } from '../lab/machine/machine.js';
import { HOST } from '../lab/machine/network.js';
import type { LabPlugin } from '../lab/plugin.js';

export { Mode };
export type Capability = MessageInitShape<typeof VolumeCapabilitySchema>;

export const MIB = 1n << 20n;

/** A Ceph that machines can reach. */
export function startCephForMachines(options: StartOptions = {}): Promise<LabCeph> {
  return startCeph({ ...options, own: true, address: HOST });
}

/** A call's code and message where it fails, as in "FAILED_PRECONDITION NodeStageVolume: …"; "OK" where not. */
export async function answerOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (error instanceof CallError) return `${error.code} ${error.message}`;
    throw error;
  }
}

export function mountAs(fsType: string, mode = Mode.SINGLE_NODE_WRITER): Capability {
  return { accessMode: { mode }, accessType: { case: 'mount', value: { fsType } } };
}

export function blockAs(mode = Mode.SINGLE_NODE_WRITER): Capability {
  return { accessMode: { mode }, accessType: { case: 'block', value: {} } };
}

/** A volume on a machine, as an orchestrator has it there. */
export class Use {
  readonly staging: string;
  readonly target: string;

  constructor(
    readonly machine: Machine,
    readonly volumeId: string,
    readonly capability: Capability,
  ) {
    const name = volumeId.replaceAll('/', '@');
    this.staging = `/run/csi/staging/${name}`;
    this.target = `/run/csi/targets/${name}`;
  }

  async stage({ node }: LabPlugin): Promise<void> {
    await this.machine.run('mkdir', '-p', this.staging, '/run/csi/targets');
    await node.nodeStageVolume({
      volumeId: this.volumeId,
      stagingTargetPath: this.staging,
      volumeCapability: this.capability,
    });
  }

  async publish({ node }: LabPlugin, readonly = false): Promise<void> {
    await node.nodePublishVolume({
      volumeId: this.volumeId,
      stagingTargetPath: this.staging,
      targetPath: this.target,
      volumeCapability: this.capability,
      readonly,
    });
  }

  async unpublish({ node }: LabPlugin): Promise<void> {
    await node.nodeUnpublishVolume({ volumeId: this.volumeId, targetPath: this.target });
  }

  async unstage({ node }: LabPlugin): Promise<void> {
    await node.nodeUnstageVolume({ volumeId: this.volumeId, stagingTargetPath: this.staging });
  }

  /** Both, in order. */
  async attach(plugin: LabPlugin): Promise<void> {
    await this.stage(plugin);
    await this.publish(plugin);
  }

  async release(plugin: LabPlugin): Promise<void> {
    await this.unpublish(plugin);
    await this.unstage(plugin);
  }

  /** Grows the volume and what is on it, as it is used. */
  async expand({ controller, node }: LabPlugin, bytes: bigint): Promise<void> {
    const { volumeId, target: volumePath } = this;
    const capacityRange = { requiredBytes: bytes };
    await controller.controllerExpandVolume({ volumeId, capacityRange });
    await node.nodeExpandVolume({ volumeId, volumePath, capacityRange });
  }

  /** Writes a file so that it is in Ceph when this returns. */
  async write(name: string, text: string): Promise<void> {
    const args = [`of=${this.target}/${name}`, 'conv=fsync', 'status=none'];
    await this.machine.runWith(text, 'dd', ...args);
  }

  read(name: string): Promise<string> {
    return this.machine.run('cat', `${this.target}/${name}`);
  }
}

/** Creates a volume and returns its id. */
export async function create(
  { controller }: LabPlugin,
  name: string,
  capability: Capability,
  bytes: bigint,
  parameters: Record<string, string> = {},
): Promise<string> {
  const { volume } = await controller.createVolume({
    ...{ name, parameters },
    capacityRange: { requiredBytes: bytes, limitBytes: bytes },
    volumeCapabilities: [capability],
  });
  return volume?.volumeId ?? '';
}

/** What is left of volumes in a machine, by kind; all empty where nothing is. */
export async function leftIn(machine: Machine): Promise<Record<string, readonly string[]>> {
  const [devices, mounts, state] = await Promise.all([
    machine.run('ls', '/sys/bus/rbd/devices'),
    machine.run('findmnt', '--noheadings', '--raw', '--output', 'TARGET,SOURCE'),
    machine.run(
      'find',
      machine.folder,
      '-path',
      '*/state/*',
      '!',
      '-path',
      '*/vacated/*',
      '-type',
      'f',
    ),
  ]);
  return {
    devices: lines(devices),
    mounts: lines(mounts).filter((line) => line.includes('/csi/') || line.includes('rbd')),
    state: lines(state),
  };
}

export const NOTHING_LEFT = { devices: [], mounts: [], state: [] };

/** The paths of rbd devices that a machine has. */
export async function devicesOf(machine: Machine): Promise<string[]> {
  return lines(await machine.run('ls', '/sys/bus/rbd/devices')).map((id) => `/dev/rbd${id}`);
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}
