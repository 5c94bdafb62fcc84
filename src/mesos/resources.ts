/** A value in Mesos's JSON: { "value": … }. */
export interface Valued {
  readonly value: string;
}

/** A resource of Mesos's, as far as disks need it. Keys are Mesos's. */
export interface Resource {
  readonly name: string;
  readonly provider_id?: Valued;
  readonly scalar?: { readonly value: number };
  readonly reservations?: ReadonlyArray<{ readonly role?: string }>;
  readonly disk?: {
    readonly persistence?: { readonly id: string; readonly principal?: string };
    readonly volume?: { readonly container_path: string; readonly mode: string };
    readonly source?: {
      readonly type: string;
      readonly vendor?: string;
      readonly id?: string;
      readonly profile?: string;
    };
  };
}

/** What a provider offers of a profile that is no disk yet. */
export interface Pool {
  /** Null for one without a profile. */
  readonly profile: string | null;
  readonly sizeBytes: bigint;
}

/** A disk of a provider's: one that CREATE_DISK made, or a volume that was there before. */
export interface Disk {
  /** CSI's `volume_id`. */
  readonly volumeId: string;
  /** MOUNT or BLOCK; RAW for a volume that CREATE_DISK did not make. */
  readonly type: string;
  /** Null for a volume that was there before. */
  readonly profile: string | null;
  readonly sizeBytes: bigint;
  /** Of the last reservation; "*" where it is not reserved. */
  readonly role: string;
  /** The id of the persistent volume that is on it; null where there is none. */
  readonly persistence: string | null;
}

/** What a provider's resources say. */
export function readResources(resources: readonly Resource[]): {
  readonly pools: readonly Pool[];
  readonly disks: readonly Disk[];
} {
  const pools: Pool[] = [];
  const disks: Disk[] = [];
  for (const resource of resources) {
    const { source, persistence } = resource.disk ?? {};
    if (source === undefined) continue;
    const common = { profile: source.profile ?? null, sizeBytes: bytesOf(resource) };
    if (source.id === undefined) pools.push(common);
    else
      disks.push({
        ...common,
        volumeId: source.id,
        type: source.type,
        role: resource.reservations?.at(-1)?.role ?? '*',
        persistence: persistence?.id ?? null,
      });
  }
  return { pools, disks };
}

const MEBIBYTE = 1 << 20;

/** Mesos counts disks in mebibytes, with three decimals. */
function bytesOf({ scalar }: Resource): bigint {
  return BigInt(Math.round((scalar?.value ?? 0) * MEBIBYTE));
}
