import { readSpec } from '../spec/read.js';
import { diagnosticsToJson, renderDiagnostics } from '../spec/render.js';
import type { VolumeSpec } from '../spec/volume.js';
import { colourful } from './colour.js';
import { CommandError, EXIT } from './errors.js';
import { argument } from './flags.js';

export const specArgument = argument({
  description: 'The file of the volume specification, HCL or JSON, or - for standard input.',
  required: true,
});

/** A specification that can be used, and what was noticed in it. */
export interface UsableSpec {
  readonly spec: VolumeSpec;
  /** Warnings for a person, or undefined where there are none. */
  readonly warnings: string | undefined;
  /** The same for a program. */
  readonly diagnostics: ReturnType<typeof diagnosticsToJson>;
}

/** Reads a specification. Throws CommandError with every mistake in it. */
export async function usableSpec(path: string): Promise<UsableSpec> {
  const { spec, diagnostics, sources } = await readSpec(path);
  const text = renderDiagnostics(diagnostics, sources, { colour: colourful(process.stderr) });
  const forPrograms = diagnosticsToJson(diagnostics);
  if (spec === undefined)
    throw new CommandError('the specification cannot be used', {
      text,
      code: 'SPEC',
      exitCode: EXIT.usage,
      details: forPrograms,
    });
  return {
    spec,
    warnings: diagnostics.length === 0 ? undefined : text,
    diagnostics: forPrograms,
  };
}
