import { type ReadOptions, readSpec } from '../spec/read.js';
import { diagnosticsToJson } from '../spec/render.js';
import type { VolumeSpec } from '../spec/volume.js';
import { CommandError, EXIT, failureOf } from './errors.js';
import { argument } from './flags.js';
import { mistakes, rendered } from './mistakes.js';

export const specArgument = argument({
  description: 'The file of the volume specification, HCL or JSON, or - for standard input.',
  required: true,
});

/** Specifications that can be used, and what was noticed in their file. */
export interface UsableSpecs {
  /** At least one, in the order of the file. */
  readonly specs: readonly VolumeSpec[];
  /** True where the volumes stand in blocks, so that what is printed is a list. */
  readonly inBlocks: boolean;
  /** Warnings for a person, or undefined where there are none. */
  readonly warnings: string | undefined;
  /** The same for a program. */
  readonly diagnostics: ReturnType<typeof diagnosticsToJson>;
}

/** Reads the specifications in a file. Throws CommandError with every mistake in it, or where there is none. */
export async function usableSpecs(path: string, options: ReadOptions = {}): Promise<UsableSpecs> {
  const read = await readSpec(path, options);
  if (read.specs === undefined) throw mistakes('the specification cannot be used', [read]);
  return {
    specs: read.specs,
    inBlocks: read.inBlocks,
    warnings: rendered([read]),
    diagnostics: diagnosticsToJson(read.diagnostics),
  };
}

/** For commands that take one volume. Throws CommandError where the file holds several. */
export async function usableSpec(path: string, options: ReadOptions = {}): Promise<VolumeSpec> {
  const { specs } = await usableSpecs(path, options);
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
