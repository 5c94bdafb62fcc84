import type { InspectedVolume } from '../../volume/inspect/inspected.js';
import { commandLine } from '../command-line.js';
import type { Rule } from '../finding.js';

/** An object map that says of itself that it is wrong: everything that looks for objects is slow. */
export const objectMap: Rule = ({ ceph }) =>
  ceph?.image?.objectMapInvalid
    ? [
        {
          kind: 'object-map-invalid',
          part: 'image',
          severity: 'warning',
          problem: 'the object map of the image is marked as invalid, and nobody uses it',
          remedy: 'This looks at every object and makes it anew.',
          command: commandLine('rbd', 'object-map', 'rebuild', specOf(ceph)),
        },
      ]
    : [];

/** Locks of `rbd lock add` whose holder has gone; those of the feature exclusive-lock are broken by who comes next. */
export const deadLocks: Rule = ({ ceph }) => {
  const { locks = [], watchers } = ceph?.image ?? {};
  if (!ceph || watchers === undefined) return [];
  const open = watchers.map(({ address }) => address);
  return locks
    .filter(
      ({ name, cookie, address }) =>
        name === 'rbd_lock' && !cookie.startsWith('auto ') && !open.includes(address),
    )
    .map(({ client, cookie, address }) => ({
      kind: 'lock-without-client',
      part: 'locks',
      severity: 'warning',
      problem: `${client} at ${address} holds the lock "${cookie}", and does not have the image open`,
      remedy:
        'Somebody took it by hand, or with another tool; where that has ended, this frees it.',
      command: commandLine('rbd', 'lock', 'rm', specOf(ceph), cookie, client),
    }));
};

/** What `rbd` calls an image. */
function specOf({ handle }: InspectedVolume): string {
  const { pool, namespace, image } = handle;
  return [pool, ...(namespace === '' ? [] : [namespace]), image].join('/');
}
