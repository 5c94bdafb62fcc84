import type { OpenClusters } from '../rbd/clusters.js';
import { VolumeError } from '../volume/errors.js';

/** A cluster that has not answered for so long, in milliseconds, is said not to; it answers within a few. */
const ANSWER_MS = 5_000;

/** How one cluster was found. */
export interface ClusterHealth {
  readonly cluster: string;
  /** Undefined: it answers. */
  readonly problem: string | undefined;
  /** When any call to it last succeeded. */
  readonly succeeded: Date | undefined;
}

/**
 * Finds out which clusters answer: each is asked for this node's entry in the registry, which takes what every call
 * takes, a monitor once and then an OSD. Of a cluster that does not answer there is one such question at a time.
 */
export class ClusterProbe {
  readonly #asked = new Map<string, Promise<string | undefined>>();

  constructor(
    private readonly clusters: OpenClusters,
    private readonly nodeId: string,
  ) {}

  /** It takes five seconds at most, and never fails. */
  look(): Promise<readonly ClusterHealth[]> {
    return Promise.all(
      this.clusters.names.map(async (cluster) => ({
        cluster,
        problem: await this.#problem(cluster),
        succeeded: this.clusters.succeeded(cluster),
      })),
    );
  }

  async #problem(cluster: string): Promise<string | undefined> {
    const late = Promise.withResolvers<string>();
    const limit = setTimeout(() => {
      late.resolve(`no answer in ${ANSWER_MS / 1000} s`);
    }, ANSWER_MS);
    try {
      return await Promise.race([this.#ask(cluster), late.promise]);
    } finally {
      clearTimeout(limit);
    }
  }

  #ask(cluster: string): Promise<string | undefined> {
    const asked =
      this.#asked.get(cluster) ??
      this.#read(cluster)
        .then(() => undefined, words)
        .finally(() => this.#asked.delete(cluster));
    this.#asked.set(cluster, asked);
    return asked;
  }

  async #read(cluster: string): Promise<void> {
    await this.clusters.get(cluster).readNode(this.nodeId);
  }
}

function words(error: unknown): string {
  return error instanceof VolumeError ? error.message : String(error);
}
