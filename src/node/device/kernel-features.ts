import { readFile } from 'node:fs/promises';
import { BUS } from './rbd-bus.js';

/** The features of images by the names that `rbd` gives them, in the order of their bits. */
const NAMES = [
  'layering',
  'striping',
  'exclusive-lock',
  'object-map',
  'fast-diff',
  'deep-flatten',
  'journaling',
  'data-pool',
  'operations',
  'migrating',
  'non-primary',
  'dirty-cache',
];
/** Those without which an image cannot even be read. */
const TO_READ = ['layering', 'striping', 'data-pool', 'dirty-cache'];

/**
 * Of an image's features those that keep this kernel from mapping it. A kernel before Linux 4.11 does not say what it
 * knows: then none is told, and the kernel refuses the image itself.
 */
export async function unknownFeatures(
  features: readonly string[],
  readonly: boolean,
): Promise<string[]> {
  const text = await readFile(`${BUS}/supported_features`, 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const known = BigInt(text.trim());
  return features.filter((feature) => {
    const matters = !readonly || TO_READ.includes(feature);
    return matters && ((known >> BigInt(bitOf(feature))) & 1n) === 0n;
  });
}

/** One that has no name yet is told by its number: "feature 13". */
function bitOf(feature: string): number {
  const bit = NAMES.indexOf(feature);
  return bit >= 0 ? bit : Number(/\d+$/.exec(feature)?.[0] ?? 63);
}
