import { createHash } from 'node:crypto';
import type { Message } from '@bufbuild/protobuf';

/**
 * What makes two calls the same call: the RPC and every field, whatever the order of a map's keys.
 * A digest, because requests hold secrets.
 */
export function fingerprint(rpc: string, request: Message): string {
  const text = JSON.stringify(request, (_key, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`;
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      return Object.fromEntries(
        Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)),
      );
    return value;
  });
  return `${rpc} ${createHash('sha256').update(text).digest('base64')}`;
}
