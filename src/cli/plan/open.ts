import type { NomadClient } from '../../nomad/client.js';
import type { VolumeSpec } from '../../spec/volume.js';
import type { GivenNomadFlags } from '../nomad/flags.js';
import { openNomad } from '../nomad/open.js';
import type { Output } from '../output.js';
import { openPlugin } from '../plugin.js';
import { registrationOf, type Way } from '../way.js';
import { type Applied, applyStraight, applyThroughNomad } from './apply.js';
import type { VolumePlan } from './plan.js';
import { planStraight } from './straight.js';
import { Plugins, planThroughNomad } from './through-nomad.js';

export interface PlanFlags extends GivenNomadFlags {
  /** Straight to a controller: whether Nomad is told; undefined where it is not said. */
  readonly register?: boolean | undefined;
}

/** A volume's plan, and what does it. */
export interface Planned {
  readonly plan: VolumePlan;
  apply(output: Output): Promise<Applied>;
}

/**
 * Plans volumes and hands the plans over, while the ways to Nomad and to the plugin are open. With
 * `registers` nothing is created, and Nomad is told of what is there. Throws CommandError.
 */
export async function withPlans<T>(
  output: Output,
  way: Way,
  flags: PlanFlags,
  specs: readonly VolumeSpec[],
  use: (planned: readonly Planned[]) => Promise<T>,
  registers = false,
): Promise<T> {
  if (way.through === 'nomad') {
    using nomad = openNomad(flags);
    const plugins = new Plugins(nomad);
    const planned = specs.map(async (spec): Promise<Planned> => {
      const verb = registers || spec.externalId !== '' ? 'register' : 'create';
      const plan = await planThroughNomad(nomad, plugins, way, spec, verb);
      return { plan, apply: (to) => applyThroughNomad(to, nomad, plan, spec) };
    });
    return await use(await output.progress('Looking what is there', Promise.all(planned)));
  }
  using nomad: NomadClient | undefined = registrationOf(flags) ? openNomad(flags) : undefined;
  await using plugin = openPlugin(way.endpoint);
  const planned = specs.map(async (spec): Promise<Planned> => {
    const { volume, ...plan } = await planStraight(plugin, nomad, way, spec);
    return { plan, apply: (to) => applyStraight(to, plugin, nomad, { ...plan, volume }, spec) };
  });
  return await use(await output.progress('Looking what is there', Promise.all(planned)));
}
