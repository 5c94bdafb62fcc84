import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import t, { type Test } from 'tap';
import type { EffectName } from '../../src/volume/effects.js';
import { type Allocation, ended, running } from '../lab/nomad/allocations.js';
import type { LabClient } from '../lab/nomad.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { countOf, goesOn, RESCHEDULE, runCounter } from './counter.js';
import { type Held, NOBODY, only, untilHeld, watchStaging } from './held.js';
import { startSite } from './site.js';
import { createVolume, unclaimed } from './volumes.js';

/** The first and the last that each call does for a claim, and for its end. */
const CLAIM: readonly EffectName[] = [
  'controllerPublish/write-publication',
  'stage/remember-stage',
  'stage/remember-staged',
  'publish/remember-publish',
  'publish/bind-target',
];
const RELEASE: readonly EffectName[] = [
  'unpublish/unbind-target',
  'unpublish/forget-publish',
  'unstage/unmount-staging',
  'unstage/forget-stage',
  'controllerUnpublish/remove-publication',
];

const CRASH_LIMIT_MS = 60_000;

const site = await startSite({ clients: 2 });
const { nomad, ceph } = site;
const [victim, other] = nomad.clients as [LabClient, LabClient];

let jobs = 0;

/**
 * A volume for each case: Nomad may still be unpublishing the last one for an allocation that is over, and by that
 * take the publication of the next one on the same client.
 */
class Claimed {
  /** What its counter had come to when a job was stopped. */
  #count = 0;

  private constructor(readonly id: string) {}

  static async create(): Promise<Claimed> {
    const id = `data-${++jobs}`;
    // Nomad may not have heard yet of the plugin that the last case has killed.
    await site.healthy();
    await createVolume(site, id);
    return new Claimed(id);
  }

  start(client: LabClient): Promise<string> {
    return runCounter(site, `job-${++jobs}`, {
      ...{ source: this.id, on: client.name, group: RESCHEDULE },
    });
  }

  /** Waits until a job counts on from where the last one stopped, as the volume's only user. */
  async counts(t: Test, job: string, client: LabClient): Promise<Allocation> {
    const [allocation] = (await running(nomad, job, { node: client.nodeId })) as [Allocation];
    const now = await goesOn(site, allocation, this.id);
    t.ok(now > this.#count, 'what was written is there');
    // While a plugin is away, Nomad may leave ControllerPublishVolume out.
    const holder = only(client.name);
    await this.isHeldBy(t, holder, { ...holder, published: [] });
    return allocation;
  }

  async stop(job: string, allocation: Allocation): Promise<void> {
    this.#count = countOf(site, allocation, this.id);
    await nomad.cli('job', 'stop', '-detach', job);
  }

  async isHeldBy(t: Test, ...accepted: readonly [Held, ...Held[]]): Promise<void> {
    const held = await untilHeld(site, this.id, ...accepted);
    t.same(held, accepted.find((one) => isDeepStrictEqual(one, held)) ?? accepted[0]);
  }

  async delete(): Promise<void> {
    await unclaimed(nomad, this.id);
    await nomad.cli('volume', 'delete', this.id);
  }
}

/** Has plugins die after an effect, and answers what waits until one has: any controller may be asked. */
async function arm(effect: EffectName): Promise<() => Promise<void>> {
  const armed = effect.startsWith('controller') ? [victim, other] : [victim];
  for (const client of armed) await site.crashAfter(client, effect);
  const pids = armed.map((client) => site.pluginPid(client));
  return async () => {
    for (const end = Date.now() + CRASH_LIMIT_MS; ; await sleep(50)) {
      if (armed.some((client, index) => site.pluginPid(client) !== pids[index])) return;
      if (Date.now() > end) throw new Error(`no plugin died after ${effect}`);
    }
  };
}

for (const effect of CLAIM)
  t.test(`the plugin is killed after ${effect}: the job gets its volume`, async (t) => {
    const volume = await Claimed.create();
    const mostOf = watchStaging(site, volume.id);
    const died = await arm(effect);
    const job = await volume.start(victim);
    await died();
    const allocation = await volume.counts(t, job, victim);
    await volume.stop(job, allocation);
    await ended(nomad, job);
    await volume.isHeldBy(t, NOBODY);
    t.equal(await mostOf(), 1, 'it was never mounted twice');
    await volume.delete();
  });

for (const effect of RELEASE)
  t.test(`the plugin is killed after ${effect}: another client gets the volume`, async (t) => {
    const volume = await Claimed.create();
    const mostOf = watchStaging(site, volume.id);
    const job = await volume.start(victim);
    const allocation = await volume.counts(t, job, victim);
    const died = await arm(effect);
    await volume.stop(job, allocation);
    // A job that comes before is not looked at again by Nomad when the claim is gone.
    await unclaimed(nomad, volume.id);
    const next = await volume.start(other);
    await died();
    await volume.stop(next, await volume.counts(t, next, other));
    await ended(nomad, next);
    await volume.isHeldBy(t, NOBODY);
    t.equal(await mostOf(), 1, 'it was never mounted twice');
    await volume.delete();
  });

t.test('nothing is left', async (t) => {
  t.same(await whatIsLeft(ceph, site.folder), NOTHING);
});
