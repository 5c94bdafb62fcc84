/** What TypeScript does not know yet of JSON.parse. */
type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

const parse: (text: string, reviver: Reviver) => unknown = JSON.parse;

/**
 * Reads Nomad's JSON. An integer that a JavaScript number would round, such as a time in nanoseconds, becomes a
 * BigInt. Throws SyntaxError.
 */
export function parseExactly(text: string): unknown {
  return parse(text, (_, value, context) =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? exactly(value, context?.source)
      : value,
  );
}

function exactly(value: number, source: string | undefined): number | bigint {
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}
