import type { Context } from '../../../src/spec/parse.js';
import { parseSpec } from '../../../src/spec/parse.js';

export const FIELDS = `plugin_id = "p"
  capability {
    access_mode     = "single-node-writer"
    attachment_mode = "file-system"
  }`;

/** Reads a text in a context; a line for each diagnostic: "E 3:5 There is no variable "x" [guess]". */
export function read(text: string, context: Partial<Context> = {}) {
  const result = parseSpec(text, 'f', { folder: '/nonexistent', ...context });
  const told = result.diagnostics.map(({ severity, summary, range, guess }) => {
    const file = range === undefined || range.file === 'f' ? '' : `${range.file}:`;
    const place = range === undefined ? '' : `${file}${range.start.line}:${range.start.column} `;
    return `${severity === 'error' ? 'E' : 'W'} ${place}${summary}${guess === undefined ? '' : ` [${guess}]`}`;
  });
  return { ...result, told };
}
