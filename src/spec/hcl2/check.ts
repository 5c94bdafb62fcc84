import { createRequire } from 'node:module';

interface Hcl2Parser {
  parseToObject(text: string): readonly unknown[];
}

/**
 * True where HCL 2's own grammar takes a text. hcl2-parser tells no more than that (no message, no place, and
 * numbers without their last digits) and takes a fifth of a second to load: it is loaded when it is needed.
 */
export function isHcl2(text: string): boolean {
  const parser = createRequire(import.meta.url)('hcl2-parser') as Hcl2Parser;
  try {
    const [result] = parser.parseToObject(text);
    return typeof result === 'object' && result !== null;
  } catch {
    return false;
  }
}
