import type { Connection } from './connection.js';
import { check } from './errno.js';
import { call, Memory } from './native.js';

/** This client's own IP address, as its watchers show it. */
export function address(connection: Connection): Promise<string> {
  return connection.use(async ({ rados }) => {
    using out = new Memory(8);
    check(call('rados_getaddrs', rados, out.address), 'read its own address');
    try {
      return ipOf(out.text(0));
    } finally {
      const text = out.uint64(0);
      if (text !== 0n) call('rados_buffer_free', text);
    }
  });
}

/** The IP address in "192.0.2.1:0/123", "[2001:db8::1]:0/123" or "[v2:192.0.2.1:0/123,v1:…]". */
export function ipOf(addresses: string): string {
  const first = addresses.replace(/^\[?(v1|v2|any):/, '').split(',')[0] ?? '';
  return first.replace(/:\d+\/\d+\]?$/, '').replace(/^\[|\]$/g, '');
}
