import type { Framework, OperationStatus, TaskStatus } from '../lab/mesos/framework.js';
import {
  diskWith,
  partOf,
  persistent,
  pool,
  type Resource,
  type Want,
} from '../lab/mesos/resources.js';

/** What a disk is made of, where that is not any part of a profile's pool. */
export interface From {
  readonly agent?: string;
  readonly where?: Want;
}

/** What frameworks do with disks, each of it to its end. What does not succeed throws. */
export class Disks {
  constructor(readonly framework: Framework) {}

  /** Makes a disk of a part of a profile's pool, in MiB, or of all of it. */
  async create(
    profile: string,
    mib: number | 'all',
    type: 'MOUNT' | 'BLOCK' = 'MOUNT',
    from?: From,
  ): Promise<Resource> {
    return converted(await this.tryCreate(profile, mib, type, from));
  }

  /** The same, which may fail. */
  tryCreate(
    profile: string,
    mib: number | 'all',
    type: 'MOUNT' | 'BLOCK' = 'MOUNT',
    { agent, where = roomIn(profile, mib) }: From = {},
  ): Promise<OperationStatus> {
    const body = (raw: Resource) => ({
      source: mib === 'all' ? raw : partOf(raw, mib),
      target_type: type,
    });
    return this.framework.operate(where, 'CREATE_DISK', body, agent);
  }

  async destroy(disk: Resource): Promise<void> {
    finished(await this.tryDestroy(disk));
  }

  /** The same, which may fail. */
  tryDestroy(disk: Resource): Promise<OperationStatus> {
    const body = (one: Resource) => ({ source: one });
    return this.framework.operate(theDisk(disk), 'DESTROY_DISK', body);
  }

  /** Makes a persistent volume of a MOUNT disk, if it is none, and runs a script in a task that has it at "data". */
  async write(disk: Resource, script: string): Promise<TaskStatus> {
    const { resource } = await this.framework.offered(theDisk(disk));
    if (resource.disk?.persistence === undefined) await this.makeVolume(disk);
    return this.use(disk, script);
  }

  async makeVolume(disk: Resource): Promise<void> {
    const body = (one: Resource) => ({ volumes: [persistent(one, 'letter', 'data')] });
    finished(await this.framework.operate(theDisk(disk), 'CREATE', body));
  }

  /** Runs a script in a task that has a disk's persistent volume at "data". */
  async use(disk: Resource, script: string): Promise<TaskStatus> {
    return this.framework.task(await this.launch(disk, script));
  }

  launch(disk: Resource, script: string): Promise<string> {
    return this.framework.launch(volumeOn(disk), (one) => ({ script, resources: [one] }));
  }

  /** Makes a disk of a persistent volume again; Mesos deletes what is in it. */
  async destroyVolume(disk: Resource): Promise<void> {
    const body = (one: Resource) => ({ volumes: [one] });
    finished(await this.framework.operate(volumeOn(disk), 'DESTROY', body));
  }

  /** Destroys a disk and, where it has become one, the persistent volume before. */
  async clear(disk: Resource): Promise<void> {
    const { resource } = await this.framework.offered(theDisk(disk));
    if (resource.disk?.persistence !== undefined) await this.destroyVolume(disk);
    await this.destroy(disk);
  }
}

/** A profile's pool, where all that is asked of it is in offers: others may have just given a part back. */
function roomIn(profile: string, mib: number | 'all'): Want {
  return (one) => pool(profile)(one) && (mib === 'all' || one.scalar.value >= mib);
}

/** A disk's persistent volume. */
function volumeOn(disk: Resource): Want {
  return (one) => theDisk(disk)(one) && one.disk?.persistence !== undefined;
}

function theDisk(disk: Resource): Want {
  return diskWith(idOf(disk));
}

/** The volume's id in CSI. */
export function idOf(disk: Resource): string {
  const id = disk.disk?.source?.id;
  if (id === undefined) throw new Error(`no volume: ${JSON.stringify(disk)}`);
  return id;
}

/** What a successful operation made of its resource. */
export function converted(status: OperationStatus): Resource {
  const [resource] = finished(status).converted_resources ?? [];
  if (resource === undefined) throw new Error(`nothing was made: ${JSON.stringify(status)}`);
  return resource;
}

export function finished(status: OperationStatus): OperationStatus {
  if (status.state !== 'OPERATION_FINISHED')
    throw new Error(`${status.state}: ${status.message ?? ''}`);
  return status;
}
