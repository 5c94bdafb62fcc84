import type { Controller } from '../../src/volume/controller.js';
import { plainEffect } from '../../src/volume/effects.js';
import type { Clusters } from '../../src/volume/store.js';
import { startWork } from '../../src/volume/work/worker.js';

let made = 0;

/** A controller on these clusters, whose background work begins when something asks for it. */
export function controllerOf(clusters: Clusters, options: Partial<Controller> = {}): Controller {
  const id = `controller${++made}`;
  return {
    id,
    clusters,
    host: undefined,
    effect: plainEffect,
    wait: async () => {},
    retentionMs: 0,
    remembered: undefined,
    noCapacity() {},
    work: startWork({ id, clusters, effect: plainEffect, onError: () => {} }),
    ...options,
  };
}
