import type { ConsulError } from './errors.js';

/** Who is told when Consul ceases to answer, and when it answers again. */
export interface Told {
  lost(problem: string): void;
  found(): void;
}

/** Tells of changes alone: the same failure again, in whatever words, is no news. */
export class Contact {
  /** The status of the last failure; undefined while there is none. */
  #failing: { readonly status: number | undefined } | undefined;

  constructor(private readonly told: Told) {}

  failed({ message, status }: ConsulError): void {
    const isNews = this.#failing === undefined || this.#failing.status !== status;
    this.#failing = { status };
    if (isNews) this.told.lost(message);
  }

  answered(): void {
    if (this.#failing === undefined) return;
    this.#failing = undefined;
    this.told.found();
  }
}
