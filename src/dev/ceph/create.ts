import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../files/folders.js';
import { DevError } from '../errors.js';
import { run } from '../run.js';
import { ceph } from './commands.js';
import { confText, type Description } from './conf.js';
import { startDaemon, stopAll } from './daemons.js';
import { makeKeyRings } from './keys.js';
import { DAEMONS, dataOf, IDS, type Layout } from './layout.js';
import { monitorAddress } from './ports.js';

export type Progress = (step: string) => void;

const MIN_OSD_BYTES = 1n << 30n;
const DEFAULT_OSD_BYTES = 10n << 30n;

/** The finished cluster in a folder, or undefined where there is none, or one that was cut short. */
export async function readDescription(layout: Layout): Promise<Description | undefined> {
  const text = await readFile(layout.description, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as Description);
}

/** @throws DevError for an OSD that is too small to hold its own database. */
export function checkOsdSize(bytes: bigint | undefined): bigint {
  if (bytes === undefined) return DEFAULT_OSD_BYTES;
  if (bytes >= MIN_OSD_BYTES) return bytes;
  throw new DevError(`an OSD of ${bytes} bytes is too small`, 'Give it 1 GiB or more.');
}

/**
 * Makes an empty folder for a cluster, clearing what an interrupted creation left.
 *
 * @throws DevError where the folder holds something that is not ours.
 */
export async function clear(layout: Layout): Promise<void> {
  const entries: string[] = await readdir(layout.folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries.length > 0 && !entries.includes('begun'))
    throw new DevError(
      `${layout.folder} is not empty and was not made by pannier dev`,
      'Choose another folder with -folder.',
    );
  await stopAll(layout);
  await rm(layout.folder, { recursive: true, force: true });
  await makeFolder(layout.folder, 0o755);
  await writeFile(layout.begun, '');
}

/**
 * Makes a cluster with a monitor that runs and an OSD that is ready to be started. The description is for
 * the caller to write once all of it works.
 */
export async function create(
  layout: Layout,
  description: Description,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { folder, conf } = layout;
  const { address, port, fsid, osdUuid } = description;
  progress('Creating the Ceph monitor');
  await mkdir(layout.logs, { mode: 0o700 });
  for (const daemon of DAEMONS) await mkdir(dataOf(folder, daemon), { mode: 0o700 });
  await writeFile(conf, confText(layout, description));
  const keyRing = await makeKeyRings(layout, signal);
  const map = join(folder, 'monmap');
  const addresses = monitorAddress(address, port);
  await run('monmaptool', ['--create', '--fsid', fsid, '--addv', IDS.mon, addresses, map], {
    signal,
  });
  const mkfs = ['-c', conf, '-i', IDS.mon, '--mkfs', '--monmap', map, '--keyring', keyRing];
  await run('ceph-mon', mkfs, { signal });
  await startDaemon(layout, 'mon', signal);

  progress('Creating the BlueStore OSD');
  await Promise.all([
    run(
      'ceph-osd',
      ['-c', conf, '-i', IDS.osd, '--mkfs', '--osd-uuid', osdUuid, '--no-mon-config'],
      { signal },
    ),
    ceph(layout, ['osd', 'new', osdUuid], signal),
    // The manager would make a pool for the health of disks, and there is none here. It has not yet told
    // the monitor that it knows this option.
    ceph(
      layout,
      ['config', 'set', 'mgr', 'mgr/devicehealth/enable_monitoring', 'false', '--force'],
      signal,
    ),
  ]);
  await Promise.all([startDaemon(layout, 'osd', signal), startDaemon(layout, 'mgr', signal)]);
}

/** The commit of a creation: from here on the folder holds a cluster. */
export async function writeDescription(layout: Layout, description: Description): Promise<void> {
  const fresh = `${layout.description}.new`;
  await writeFile(fresh, `${JSON.stringify(description, null, 2)}\n`, { flush: true });
  await rename(fresh, layout.description);
}

export function describe(
  address: string,
  port: number,
  osdBytes: bigint,
  settings: Readonly<Record<string, string>>,
): Description {
  return {
    fsid: randomUUID(),
    address,
    port,
    osdUuid: randomUUID(),
    osdBytes: osdBytes.toString(),
    settings,
  };
}
