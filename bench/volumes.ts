import type { Lab } from './lab.js';
import { rate } from './measure.js';
import { blank } from './requests.js';

/** Creates volumes until ListVolumes shows that many, or that many and those of other cases. */
export async function fillTo({ controller, signal, progress }: Lab, count: number): Promise<void> {
  const { entries } = await controller.controller.listVolumes({});
  const first = entries.length;
  if (first >= count) return;
  progress(`Creating volumes up to ${count}`);
  await rate(count - first, 8, async (index) => {
    signal.throwIfAborted();
    await controller.controller.createVolume(blank(`fill ${first + index}`));
  });
}
