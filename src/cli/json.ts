/** Data as JSON. Integers that a JavaScript reader would round are strings, as in protobuf's JSON. */
export function toJson(data: unknown, indent = 2): string {
  return JSON.stringify(
    data,
    (_, value: unknown) => {
      if (typeof value !== 'bigint') return value;
      return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
    },
    indent,
  );
}
