import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DevError } from '../errors.js';
import { run } from '../run.js';
import { IDS, keyRingOf, type Layout, USER } from './layout.js';

/** Who may do what. All are in the monitor's first key ring, so that none needs a command later. */
const ENTITIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'mon.': { mon: 'allow *' },
  'client.admin': { mon: 'allow *', osd: 'allow *', mgr: 'allow *' },
  [`osd.${IDS.osd}`]: { mon: 'allow profile osd', osd: 'allow *', mgr: 'allow profile osd' },
  [`mgr.${IDS.mgr}`]: { mon: 'allow profile mgr', osd: 'allow *' },
  [`client.${USER}`]: { mon: 'profile rbd', osd: 'profile rbd', mgr: 'profile rbd' },
};

/** Makes every key ring of a new cluster and returns the path of the one that the monitor starts from. */
export async function makeKeyRings(
  layout: Layout,
  signal: AbortSignal | undefined,
): Promise<string> {
  const all = join(layout.folder, 'mon.keyring');
  await writeFile(all, '', { mode: 0o600 });
  for (const [entity, caps] of Object.entries(ENTITIES)) {
    const flags = Object.entries(caps).flatMap(([service, cap]) => ['--cap', service, cap]);
    await run('ceph-authtool', [all, '-n', entity, '--gen-key', ...flags], { signal });
    if (entity === 'mon.') continue;
    const key = await readKey(all, entity);
    await writeFile(keyRingOf(layout.folder, entity), `[${entity}]\nkey = ${key}\n`, {
      mode: 0o600,
    });
    if (entity === `client.${USER}`) await writeFile(layout.keyFile, `${key}\n`, { mode: 0o600 });
  }
  return all;
}

/** An entity's key in a key ring. */
export async function readKey(keyRing: string, entity: string): Promise<string> {
  let section = '';
  for (const line of (await readFile(keyRing, 'utf8')).split('\n')) {
    const heading = /^\s*\[(.+)\]\s*$/.exec(line)?.[1];
    if (heading !== undefined) section = heading;
    const key = /^\s*key\s*=\s*(\S+)/.exec(line)?.[1];
    if (section === entity && key !== undefined) return key;
  }
  throw new DevError(`${keyRing} has no key for ${entity}`, 'Begin anew with `pannier dev reset`.');
}
