/** The object that a text holds in JSON, or undefined where it holds none. */
export function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The strings under these keys of an object, or undefined where one is missing or no string. */
export function strings<K extends string>(
  value: Record<string, unknown> | undefined,
  keys: readonly K[],
): Record<K, string> | undefined {
  if (value === undefined || !keys.every((key) => typeof value[key] === 'string')) return undefined;
  return Object.fromEntries(keys.map((key) => [key, value[key]])) as Record<K, string>;
}
