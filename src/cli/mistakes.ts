import type { Diagnostic, Sources } from '../spec/diagnostic.js';
import { diagnosticsToJson, renderDiagnostics } from '../spec/render.js';
import { colourful } from './colour.js';
import { CommandError, EXIT } from './errors.js';

/** What was told of a text that was read. */
export interface Told {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

/** What was told of texts, for a person; undefined where that is nothing. */
export function rendered(told: readonly Told[]): string | undefined {
  const parts = told
    .filter(({ diagnostics }) => diagnostics.length > 0)
    .map(({ diagnostics, sources }) =>
      renderDiagnostics(diagnostics, sources, { colour: colourful(process.stderr) }),
    );
  return parts.length === 0 ? undefined : parts.join('\n\n');
}

/** The failure that mistakes in texts are, with all of them. */
export function mistakes(message: string, told: readonly Told[]): CommandError {
  const text = rendered(told);
  return new CommandError(message, {
    ...(text === undefined ? {} : { text }),
    code: 'SPEC',
    exitCode: EXIT.usage,
    details: told.flatMap(({ diagnostics }) => diagnosticsToJson(diagnostics)),
  });
}
