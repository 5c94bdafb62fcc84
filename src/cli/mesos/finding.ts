/** Something that Mesos left behind, in the words of `pannier doctor`. */
export interface Leftover {
  readonly kind: string;
  readonly subject: string;
  readonly problem: string;
  /** What would be done, or was; null where only a person can tell. */
  readonly remedy: string | null;
  readonly fixed: boolean;
}

/** The same with the way to do so. */
export interface Mendable extends Omit<Leftover, 'fixed'> {
  /** Undefined where there is no remedy. */
  readonly mend: (() => Promise<void>) | undefined;
}
