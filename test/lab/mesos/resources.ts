/** A resource as Mesos's v1 API has it; of its fields those that tests look at. */
export interface Resource {
  readonly name: string;
  readonly type: 'SCALAR';
  readonly scalar: { readonly value: number };
  readonly provider_id?: { readonly value: string };
  readonly reservations?: readonly Reservation[];
  readonly allocation_info?: { readonly role: string };
  readonly disk?: DiskInfo;
}

export interface Reservation {
  readonly type: 'DYNAMIC';
  readonly role: string;
}

export interface DiskInfo {
  readonly source?: DiskSource;
  readonly persistence?: { readonly id: string };
  readonly volume?: { readonly container_path: string; readonly mode: 'RW' | 'RO' };
}

export interface DiskSource {
  readonly type: 'RAW' | 'MOUNT' | 'BLOCK';
  readonly vendor?: string;
  readonly id?: string;
  readonly profile?: string;
  readonly metadata?: { readonly labels: readonly { key: string; value: string }[] };
}

export type Want = (resource: Resource) => boolean;

/** The storage pool of a profile. */
export function pool(profile: string): Want {
  return ({ disk }) =>
    disk?.source?.type === 'RAW' && disk.source.profile === profile && disk.source.id === undefined;
}

/** The disk with an id, whatever it is made to. */
export function diskWith(id: string | undefined): Want {
  return ({ disk }) => id !== undefined && disk?.source?.id === id;
}

/** Whom a resource is reserved for, the innermost role last. */
export function rolesOf({ reservations = [] }: Resource): string[] {
  return reservations.map(({ role }) => role);
}

/** Resources that are of one thing put together: offers of an agent may have parts of it. */
export function merged(resources: readonly Resource[]): Resource[] {
  const found = new Map<string, Resource>();
  for (const resource of resources) {
    const kind = JSON.stringify({ ...resource, scalar: undefined });
    const value = (found.get(kind)?.scalar?.value ?? 0) + (resource.scalar?.value ?? 0);
    found.set(kind, { ...resource, scalar: { value } });
  }
  return [...found.values()];
}

/** A part of a resource, in MiB. */
export function partOf(resource: Resource, mib: number): Resource {
  return { ...resource, scalar: { value: mib } };
}

/** The persistent volume that a MOUNT disk becomes, at a path in a task's sandbox. */
export function persistent(disk: Resource, id: string, path: string): Resource {
  return {
    ...disk,
    disk: { ...disk.disk, persistence: { id }, volume: { container_path: path, mode: 'RW' } },
  };
}
