import { access } from 'node:fs/promises';
import type { Settings } from '../../config/settings.js';
import { fail } from '../../volume/errors.js';
import type { Mapper } from './device.js';

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
export function candidates(fuse: Mapper): Candidate[] {
  return [
    kernelOnly('krbd', 'the kernel module rbd', '/sys/bus/rbd'),
    kernelOnly('nbd', 'the kernel module nbd', '/sys/block/nbd0'),
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

/** This version attaches through rbd-fuse only; what the kernel has is told all the same. */
function kernelOnly(name: Name, what: string, sign: string): Candidate {
  return {
    name,
    mapper: undefined,
    async unavailable() {
      const loaded = await access(sign).then(
        () => true,
        () => false,
      );
      return `${what} is ${loaded ? '' : 'not '}loaded, and this version of Pannier attaches through rbd-fuse only`;
    },
  };
}
