import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterSettings } from '../../config/settings.js';
import { makeFolder } from '../../files/folders.js';
import { fail } from '../../volume/errors.js';
import type { Credentials } from '../../volume/store.js';

const CONF = 'ceph.conf';
const KEY_RING = 'keyring';

/**
 * Writes what a program needs to reach a cluster into a folder that only root may read, and answers the
 * arguments that lead there: a key is never among them.
 */
export async function writeAccess(
  folder: string,
  cluster: ClusterSettings,
  credentials: Credentials | undefined,
): Promise<string[]> {
  const user = credentials?.user ?? cluster.user;
  const key = credentials?.key ?? cluster.key ?? (await readKeyFile(cluster));
  try {
    await makeFolder(folder, 0o700);
    const keyRing = join(folder, KEY_RING);
    if (key !== undefined) await writePrivate(keyRing, `[client.${user}]\n\tkey = ${key}\n`);
    const conf = cluster.conf ?? join(folder, CONF);
    if (cluster.conf === undefined)
      await writePrivate(conf, `[global]\nmon host = ${cluster.monitors.join(',')}\n`);
    return ['-c', conf, '--id', user, ...(key === undefined ? [] : ['--keyring', keyRing])];
  } catch (error) {
    const { message: problem } = error as Error;
    return fail('state-unwritable', { path: folder, problem }, { cause: error });
  }
}

export async function removeAccess(folder: string): Promise<void> {
  await rm(join(folder, CONF), { force: true });
  await rm(join(folder, KEY_RING), { force: true });
}

async function readKeyFile({ keyFile, name, user }: ClusterSettings): Promise<string | undefined> {
  if (keyFile === undefined) return undefined;
  try {
    return (await readFile(keyFile, 'utf8')).trim();
  } catch (error) {
    const { message } = error as Error;
    return fail('cluster-denied', { cluster: name, user, problem: message }, { cause: error });
  }
}

async function writePrivate(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}
