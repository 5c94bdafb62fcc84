/** Something that stands outside the files, asked for by a function: `vault("path", "key")`. */
export interface Reference {
  readonly source: 'nomad_variable' | 'vault' | 'consul_key';
  readonly arguments: readonly string[];
}

/** What came of a reference. */
export type Answer = { readonly text: string } | { readonly problem: string };

/** What functions can reach outside the language. */
export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where paths begin that are not absolute. */
  readonly folder: string;
  /** Undefined where nothing has been asked yet. */
  readonly answer: (reference: Reference) => Answer | undefined;
}

/** What a function gets besides its arguments. */
export interface Outside {
  readonly host: Host;
  /** Says that the value of something outside is needed. */
  readonly want: (reference: Reference) => void;
}
