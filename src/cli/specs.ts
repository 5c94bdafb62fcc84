import { readSpec } from '../spec/read.js';
import type { Use } from '../spec/volume/checks.js';
import type { VolumeSpec } from '../spec/volume.js';
import { CommandError, EXIT, failureOf } from './errors.js';
import { argument } from './flags.js';
import { type GivenInputs, inputsOf } from './inputs.js';
import { lookupsOf } from './lookups.js';
import { mistakes, rendered } from './mistakes.js';
import type { GivenNomadFlags } from './nomad/flags.js';
import type { Output } from './output.js';
import { readSecrets, withSecrets } from './secrets.js';

export const specArgument = argument({
  description: 'The file of the volume specification, HCL or JSON, or - for standard input.',
  required: true,
});

/** Flags of commands that send what specifications say. */
type GivenSpecFlags = GivenInputs &
  GivenNomadFlags & { readonly 'secrets-file': string | undefined };

/** Specifications that are sent. */
export interface GivenSpecs {
  /** In the order of the file. */
  readonly specs: readonly VolumeSpec[];
  /** True where the volumes stand in blocks, so that what is printed is a list. */
  readonly inBlocks: boolean;
}

/**
 * The specifications in a file with all that they name looked up, and over their secrets those of -secrets-file.
 * What was noticed in them is said, and what is sensitive in them stays unsaid. Throws CommandError with every
 * mistake in them.
 */
export async function givenSpecs(
  output: Output,
  path: string,
  flags: GivenSpecFlags,
  use: Use,
): Promise<GivenSpecs> {
  const read = await readSpec(path, { ...inputsOf(flags), use, lookups: lookupsOf(flags) });
  const { specs, inBlocks } = read;
  if (specs === undefined) throw mistakes('the specification cannot be used', [read]);
  output.conceal(specs.flatMap(({ sensitive }) => sensitive ?? []));
  const warnings = rendered([read]);
  if (warnings !== undefined) output.notice(warnings);
  return { specs: withSecrets(specs, await readSecrets(flags['secrets-file'])), inBlocks };
}

/** For commands that take one volume. Throws CommandError where the file holds several. */
export async function givenSpec(
  output: Output,
  path: string,
  flags: GivenSpecFlags,
  use: Use,
): Promise<VolumeSpec> {
  const { specs } = await givenSpecs(output, path, flags, use);
  const [spec, other] = specs;
  if (spec === undefined || other !== undefined)
    throw new CommandError(`"${path}" holds ${specs.length} volumes, and this command takes one`, {
      code: 'SPEC',
      exitCode: EXIT.usage,
      remedy: `Name it: ${specs.map(({ name }) => name).join(', ')}.`,
    });
  return spec;
}

/** A volume is told by its name, or where it has none by its ID in Nomad. */
interface Named {
  readonly id: string;
  readonly name: string;
}

/**
 * Does the work for one volume after the other, and answers what came of it. The first failure ends it; where
 * there are several volumes its error says for which ones the work was done and for which it was not.
 */
export async function inOrder<Item extends Named, T>(
  volumes: readonly Item[],
  work: (volume: Item) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const [at, volume] of volumes.entries()) {
    try {
      results.push(await work(volume));
    } catch (error) {
      if (volumes.length === 1) throw error;
      const { message, ...failure } = failureOf(error);
      const names = volumes.map(({ id, name }) => name || id);
      const details = {
        done: names.slice(0, at),
        failed: names[at],
        notTried: names.slice(at + 1),
        ...(failure.details === undefined ? {} : { cause: failure.details }),
      };
      throw new CommandError(`volume "${names[at]}": ${message}`, {
        ...failure,
        details,
        text: `Done: ${listed(details.done)}. Not tried: ${listed(details.notTried)}.`,
        cause: error,
      });
    }
  }
  return results;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `"${name}"`).join(', ');
}
