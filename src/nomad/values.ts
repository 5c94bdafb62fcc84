/** An integer of Nomad's: a BigInt where a JavaScript number would round it. */
export type Integer = number | bigint;

export interface Topology {
  readonly Segments: Readonly<Record<string, string>> | null;
}

/** A time that Nomad gives in nanoseconds since 1970; undefined where it gives none. */
export function timeOf(nanoseconds: Integer | undefined): Date | undefined {
  return nanoseconds === undefined || Number(nanoseconds) <= 0
    ? undefined
    : new Date(Number(BigInt(nanoseconds) / 1_000_000n));
}
