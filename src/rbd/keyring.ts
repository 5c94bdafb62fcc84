import { access as canRead, constants } from 'node:fs/promises';
import type { Access } from './access.js';
import { notLetIn } from './denied.js';
import { check } from './errno.js';
import { call, Memory, type Rados } from './native.js';

const VALUE_BYTES = 4096;

/**
 * Fails with cluster-denied where the client has no key: librados would find none either, try without, and
 * say only that the time is over.
 */
export async function requireKey(rados: Rados, access: Access): Promise<void> {
  if (!setting(rados, 'auth_client_required').includes('cephx')) return;
  if (setting(rados, 'key') !== '' || setting(rados, 'keyfile') !== '') return;
  const files = setting(rados, 'keyring')
    .split(/[,;\s]+/)
    .filter(Boolean);
  for (const file of files) if (await isReadable(file)) return;
  const problem = `there is no key: cannot read ${files.join(', ') || 'a key ring, for none is configured'}`;
  throw notLetIn(access, problem);
}

function setting(rados: Rados, name: string): string {
  using value = new Memory(VALUE_BYTES);
  check(
    call('rados_conf_get', rados, name, value.address, VALUE_BYTES),
    `read the setting ${name}`,
  );
  const bytes = value.copy(0, VALUE_BYTES);
  return bytes.toString('utf8', 0, bytes.indexOf(0));
}

function isReadable(file: string): Promise<boolean> {
  return canRead(file, constants.R_OK).then(
    () => true,
    () => false,
  );
}
