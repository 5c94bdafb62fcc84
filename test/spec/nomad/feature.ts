/** Something that a specification may hold, and what becomes of it. */
export interface Feature {
  /** Put behind a whole specification, or with `whole`, a text of its own. */
  readonly text: string;
  readonly whole: boolean;
  /**
   * `same`: Nomad's command line sends what Pannier sends. `refused`: it sends nothing, and here it is an error.
   * `vain`: it sends what cannot be meant, what no plugin can use or what it picked at random, and here it is an
   * error.
   */
  readonly becomes: 'same' | 'refused' | 'vain';
  /** What Nomad says where it sends nothing. */
  readonly says?: RegExp;
  /** What Pannier tells: severity, place and summary, the line counted from the feature. */
  readonly told: readonly string[];
}

type Make = (text: string, ...told: string[]) => Feature;

export const same: Make = (text, ...told) => ({ text, whole: false, becomes: 'same', told });
export const vain: Make = (text, ...told) => ({ text, whole: false, becomes: 'vain', told });

export function refused(text: string, says: RegExp, ...told: string[]): Feature {
  return { text, whole: false, becomes: 'refused', says, told };
}

/** A text of its own. */
export function whole(feature: Feature): Feature {
  return { ...feature, whole: true };
}

/** Every feature of a chapter. */
export type Chapter = readonly Feature[];
