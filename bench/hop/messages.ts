import type { ClusterSettings } from '../../src/config/settings.js';
import type { Batches, Creations } from '../creations.js';

/** What the process that is a hop away is to do. */
export interface Task {
  /** Its own folder. */
  readonly folder: string;
  readonly cluster: ClusterSettings;
  readonly address: string;
  /** Where Ceph listens on that address, and where the process shall too, for the relay. */
  readonly ports: readonly number[];
  readonly batches: Batches;
}

/** What it sends: a listening server for each port, and then what it measured, or why it could not. */
export type Report =
  | { readonly kind: 'server'; readonly port: number }
  | { readonly kind: 'measured'; readonly creations: Creations }
  | { readonly kind: 'failed'; readonly problem: string };
