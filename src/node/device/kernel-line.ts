import { fail } from '../../volume/errors.js';
import type { KernelAccess } from '../../volume/store.js';
import type { MapRequest } from './device.js';

/** How long the kernel may take to connect, in seconds; left alone, it takes a minute. */
const CONNECT_LIMIT_S = 20;

/**
 * What is written to map an image: "<monitors> <options> <pool> <image>", with spaces between them and commas in
 * them. It holds the key. Where there are two, the second is for a kernel to which the first is an invalid argument:
 * Ceph's second protocol, which librados prefers too, came with Linux 5.11.
 *
 * Not among the options: `exclusive`, since an image whose lock is never handed over cannot be resized by anybody
 * else; and `osd_request_timeout`, which makes errors of the data's writes where Ceph is away for a while, where a
 * file system is better off waiting.
 */
export function kernelLines(
  { volumeId, handle, readonly }: Pick<MapRequest, 'volumeId' | 'handle' | 'readonly'>,
  { user, key, monitors }: KernelAccess,
): string[] {
  const { pool, namespace, image } = handle;
  const words = { pool, namespace, image, user, key: key ?? '' };
  for (const [what, word] of Object.entries(words))
    if (/[\s,]/.test(word))
      // A key is not told, whatever it is.
      fail('not-mappable', {
        volume: volumeId,
        problem: `it takes no space and no comma in the ${what}`,
      });
  const lineFor = (addresses: readonly string[], mode: readonly string[]) => {
    const options = [
      `name=${user}`,
      ...(key === undefined ? [] : [`secret=${key}`]),
      ...(namespace === '' ? [] : [`_pool_ns=${namespace}`]),
      ...mode,
      `mount_timeout=${CONNECT_LIMIT_S}`,
      readonly ? 'ro' : 'rw',
    ];
    return [addresses.join(','), options.join(','), pool, image].join(' ');
  };
  const v1 = monitors.flatMap((monitor) => monitor.v1 ?? []);
  const v2 = monitors.flatMap((monitor) => monitor.v2 ?? []);
  return [
    // Whether what goes over the wire is encrypted is then for the cluster to say.
    ...(v2.length > 0 ? [lineFor(v2, ['ms_mode=prefer-crc'])] : []),
    ...(v1.length > 0 ? [lineFor(v1, [])] : []),
  ];
}
