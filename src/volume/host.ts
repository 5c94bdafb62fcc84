import type { Controller } from './controller.js';
import { fail } from './errors.js';
import { formatHandle, type VolumeHandle } from './handle.js';
import type { VolumeRecord } from './record.js';

type Owned = Pick<VolumeRecord, 'host'>;
type Keeper = Pick<Controller, 'host'>;

export const HOST_ID_RULE = 'must be 1 to 64 letters, digits, dots, dashes and underscores';

/** True for what can be a host's id. */
export function isHostId(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,64}$/.test(text);
}

/** True for a volume that a controller lists and deletes: its own host's, or any where it keeps no hosts apart. */
export function isOwn({ host }: Keeper, record: Owned): boolean {
  return host === undefined || record.host === host;
}

/** Fails with other-host where a controller may not delete a volume. */
export function refuseToDelete(controller: Keeper, handle: VolumeHandle, record: Owned): void {
  if (!isOwn(controller, record)) refuse(controller, handle, record);
}

/** True for a volume that does not belong to another host: one that belongs to none may be used by any. */
export function isUsableBy(controller: Keeper, record: Owned | undefined): boolean {
  return record?.host === undefined || isOwn(controller, record);
}

/** Fails with other-host where a volume belongs to another host. */
export function refuseToPublish(
  controller: Keeper,
  handle: VolumeHandle,
  record: Owned | undefined,
): void {
  if (record !== undefined && !isUsableBy(controller, record)) refuse(controller, handle, record);
}

/** Whose a volume is, in words. */
export function ownerWords({ host }: Owned): string {
  return host === undefined ? 'no host' : `host "${host}"`;
}

function refuse({ host = '' }: Keeper, handle: VolumeHandle, record: Owned): never {
  fail('other-host', { volume: formatHandle(handle), owner: ownerWords(record), host });
}
