import type { VolumeSpec } from '../../spec/volume.js';
import type { Output } from '../output.js';
import { inOrder } from '../specs.js';
import type { Way } from '../way.js';
import { type Applied, refuseAny } from './apply.js';
import { type PlanFlags, withPlans } from './open.js';

const DONE: Readonly<Record<Applied['action'], string>> = {
  create: 'was created',
  register: 'was registered in Nomad',
  update: 'was changed',
  resend: 'was sent again',
  none: 'is as it should be',
  refuse: '',
};

/** Makes volumes what their specifications say, in order, and says what was done. Throws CommandError. */
export async function applySpecs(
  output: Output,
  way: Way,
  flags: PlanFlags,
  specs: readonly VolumeSpec[],
): Promise<void> {
  await withPlans(output, way, flags, specs, async (planned) => {
    refuseAny(planned.map(({ plan }) => plan));
    const volumes = planned.map(({ plan: { id, name }, apply }) => ({ id, name, apply }));
    const applied = await inOrder(volumes, ({ apply }) => apply(output));
    await output.data(applied, () => applied.map(describe).join('\n'));
  });
}

function describe({ action, id, name, externalId }: Applied): string {
  const at = externalId === null ? '' : ` ("${externalId}")`;
  return `Volume "${id || name}"${at} ${DONE[action]}`;
}
