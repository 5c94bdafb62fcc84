import type { VolumeSpec } from '../../spec/volume.js';
import { EXIT } from '../errors.js';
import type { Output } from '../output.js';
import type { Way } from '../way.js';
import { describePlans } from './describe.js';
import { type PlanFlags, type Planned, withPlans } from './open.js';

/** Prints what would be done for volumes. Sets the exit code where it cannot be done for one. */
export async function showPlans(
  output: Output,
  way: Way,
  flags: PlanFlags,
  specs: readonly VolumeSpec[],
  registers = false,
): Promise<void> {
  const show = async (planned: readonly Planned[]) => {
    const plans = planned.map(({ plan }) => plan);
    await output.data(plans, () => describePlans(output, plans));
    if (plans.some(({ action }) => action === 'refuse')) process.exitCode = EXIT.failed;
  };
  await withPlans(output, way, flags, specs, show, registers);
}
