import { FunctionError } from './define.js';

/** `%-10.3[2]f`. */
export interface Verb {
  readonly flags: string;
  readonly width?: number;
  readonly precision?: number;
  /** Which argument, from 1; the next one where absent. */
  readonly argument?: number;
  readonly mode: string;
  readonly written: string;
}

/** Wider is a mistake, and would fill the memory. */
const MAX_WIDTH = 1000;

const PIECE = /%%|%([0#+ -]*)([1-9]\d*)?(?:\.(\d*))?(?:\[([1-9]\d*)\])?([a-zA-Z])|[^%]+|%/gu;

/** A format's text and verbs, in order. Throws FunctionError. */
export function parseFormat(format: string): ReadonlyArray<string | Verb> {
  return [...format.matchAll(PIECE)].map(([written, flags = '', width, precision, at, mode]) => {
    if (written === '%%') return '%';
    if (mode === undefined) {
      if (written !== '%') return written;
      throw new FunctionError(
        'Behind a "%" stands what to put in: %s for text, %d for a whole number; %% is the sign itself',
        0,
      );
    }
    if (Math.max(Number(width ?? 0), Number(precision ?? 0)) > MAX_WIDTH)
      throw new FunctionError(`"${written}" is wider than ${MAX_WIDTH}`, 0);
    return {
      flags,
      ...(width === undefined ? {} : { width: Number(width) }),
      ...(precision === undefined ? {} : { precision: Number(precision) }),
      ...(at === undefined ? {} : { argument: Number(at) }),
      mode,
      written,
    };
  });
}
