import { access as canRead, constants, readFile } from 'node:fs/promises';
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
  if (!needsKey(rados)) return;
  if (setting(rados, 'key') !== '' || setting(rados, 'keyfile') !== '') return;
  const files = keyRings(rados);
  for (const file of files) if (await isReadable(file)) return;
  const problem = `there is no key: cannot read ${files.join(', ') || 'a key ring, for none is configured'}`;
  throw notLetIn(access, problem);
}

/** The key by which a client is let in, found as librados finds it; undefined where it needs or has none. */
export async function keyOf(rados: Rados, user: string): Promise<string | undefined> {
  if (!needsKey(rados)) return undefined;
  const given = setting(rados, 'key');
  if (given !== '') return given;
  const keyFile = setting(rados, 'keyfile');
  if (keyFile !== '') return (await readFile(keyFile, 'utf8')).trim();
  for (const file of keyRings(rados)) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    // As librados: the first key ring that can be read is the one.
    if (text !== undefined) return keyIn(text, `client.${user}`);
  }
  return undefined;
}

/** A key ring has a section an entity: "[client.pannier]", and in it "key = …". */
function keyIn(keyRing: string, entity: string): string | undefined {
  let section = '';
  for (const line of keyRing.split('\n')) {
    section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
    const key = /^\s*key\s*=\s*"?([^\s"]+)/.exec(line)?.[1];
    if (section === entity && key !== undefined) return key;
  }
  return undefined;
}

function needsKey(rados: Rados): boolean {
  return setting(rados, 'auth_client_required').includes('cephx');
}

function keyRings(rados: Rados): string[] {
  return setting(rados, 'keyring')
    .split(/[,;\s]+/)
    .filter(Boolean);
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
