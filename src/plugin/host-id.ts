import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../config/settings.js';
import { writeWhole } from '../files/whole.js';
import { fail } from '../volume/errors.js';
import { isHostId } from '../volume/host.js';

const FILE = 'host-id';
/** systemd's id of this installation of the system. */
const MACHINE_ID = '/etc/machine-id';
/** machine-id(5) is not to be shown as it is: what is made of it is this program's own. */
const PURPOSE = 'pannier host id';
const NAME_MAX = 40;

type HostSettings = Pick<Settings, 'mode' | 'scope' | 'hostId' | 'stateDir' | 'nodeId'>;

/**
 * The id of this host, by which its volumes are known: the configured one; or else the one that the state directory
 * keeps; or else a new one, which is kept there before it is used. Undefined where hosts are not kept apart, and for a
 * node, which stages for any. Fails
 * with state-unreadable where what is kept is no id, and with state-unwritable where nothing can be kept.
 */
export async function hostIdOf(settings: HostSettings): Promise<string | undefined> {
  if (settings.scope !== 'host' || settings.mode === 'node') return undefined;
  const known = settings.hostId ?? (await keptId(settings));
  if (known !== undefined) return known;
  const path = fileOf(settings);
  const made = await newHostId(settings.nodeId);
  await writeWhole(path, `${made}\n`).catch((error: Error) =>
    fail('state-unwritable', { path, problem: error.message }, { cause: error }),
  );
  return made;
}

/** The same without writing: undefined where a first start would make one, too. */
export async function knownHostId(settings: HostSettings): Promise<string | undefined> {
  return settings.hostId ?? (await keptId(settings));
}

async function keptId(settings: HostSettings): Promise<string | undefined> {
  const path = fileOf(settings);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    return fail('state-unreadable', { path, problem: error.message }, { cause: error });
  });
  if (text === undefined) return undefined;
  const id = text.trim();
  if (!isHostId(id)) fail('state-unreadable', { path, problem: 'it holds no host id' });
  return id;
}

function fileOf({ stateDir }: HostSettings): string {
  return join(stateDir, FILE);
}

/**
 * The node's name, for people, and a word made of it and the machine's id: the same again where the state directory
 * is lost, another one where machines were copied and named anew.
 */
async function newHostId(nodeId: string): Promise<string> {
  const machine = await readFile(MACHINE_ID, 'utf8').catch(() => '');
  const seed = machine.trim() || randomBytes(16).toString('hex');
  const word = createHmac('sha256', seed).update(`${PURPOSE}\0${nodeId}`).digest('hex');
  const name = nodeId.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, NAME_MAX);
  return `${name}-${word.slice(0, 12)}`;
}
