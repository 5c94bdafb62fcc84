import { type Diagnostic, errorAt, hasErrors, type Sources } from '../diagnostic.js';
import { isJson, parseSource } from '../hcl/parse.js';
import { decode } from '../hcl/source.js';
import { withoutSecrets } from '../hidden.js';
import { asHcl2 } from '../parse.js';
import { layOut } from './format.js';
import { hcl1Tokens } from './hcl1.js';
import { hcl2Tokens } from './hcl2.js';

export interface Formatted {
  /** In HashiCorp's layout; absent where there is an error. */
  readonly text?: string;
  /** Errors, by place. They hold no values of secrets. */
  readonly diagnostics: readonly Diagnostic[];
  /** The text that reports quote lines from, its secrets blotted out. */
  readonly sources: Sources;
}

/**
 * Lays out a specification or a configuration, HCL 1 or HCL 2, comments and all. A text that cannot be read and
 * JSON are errors. Never throws.
 */
export function formatText(given: string | Uint8Array, file: string): Formatted {
  const { source, diagnostics: textual } = decode(given, file);
  const { text } = source;
  const failed = (diagnostics: readonly Diagnostic[]) => withoutSecrets(diagnostics, text, file);
  if (hasErrors(textual)) return failed(textual);
  if (isJson(source))
    return failed([
      errorAt(
        source.range(text.indexOf('{'), text.indexOf('{') + 1),
        'JSON is not formatted',
        'This is for HCL; any JSON formatter will do for JSON.',
      ),
    ]);
  const first = parseSource(source);
  const second = asHcl2(source, first);
  const { diagnostics } = second ?? first;
  if (hasErrors(diagnostics)) return failed(diagnostics);
  return {
    text: layOut(second === undefined ? hcl1Tokens(text) : hcl2Tokens(text)),
    ...failed([]),
  };
}
