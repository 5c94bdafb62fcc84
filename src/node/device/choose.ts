import type { Settings } from '../../config/settings.js';
import { fail } from '../../volume/errors.js';
import type { Mapper } from './device.js';
import { isThere } from './wait.js';

type Name = Exclude<Settings['mapper'], 'auto'>;

/** A way to map, and why it cannot be taken here. */
export interface Candidate {
  readonly name: Name;
  unavailable(): Promise<string | undefined>;
  readonly mapper: Mapper | undefined;
}

export interface Choice {
  readonly mapper: Mapper;
  /** Why the ways before it were passed over. */
  readonly passedOver: Readonly<Record<string, string>>;
}

/** The ways to map, the fastest first. */
export function candidates({ krbd, fuse }: Readonly<Record<'krbd' | 'fuse', Mapper>>): Candidate[] {
  return [
    { name: 'krbd', unavailable: () => krbd.unavailable(), mapper: krbd },
    { name: 'nbd', unavailable: nbdUnavailable, mapper: undefined },
    { name: 'fuse', unavailable: () => fuse.unavailable(), mapper: fuse },
  ];
}

/** The mapper that the settings ask for, or with "auto" the first that works. Fails with no-mapper. */
export async function chooseMapper(
  wanted: Settings['mapper'],
  among: readonly Candidate[],
): Promise<Choice> {
  const passedOver: Record<string, string> = {};
  for (const { name, unavailable, mapper } of among) {
    if (wanted !== 'auto' && wanted !== name) continue;
    const reason = await unavailable();
    if (reason === undefined && mapper !== undefined) return { mapper, passedOver };
    passedOver[name] = reason ?? '';
  }
  const reasons = Object.entries(passedOver).map(([name, reason]) => `${name}: ${reason}`);
  return fail('no-mapper', { problem: reasons.join('; ') });
}

/** This version does not map by rbd-nbd; what the kernel has is told all the same. */
async function nbdUnavailable(): Promise<string> {
  const loaded = await isThere('/sys/block/nbd0');
  return `the kernel module nbd is ${loaded ? '' : 'not '}loaded, and this version of Pannier does not attach through rbd-nbd`;
}
