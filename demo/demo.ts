import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopsBelow, mountsBelow } from '../src/dev/attachments.js';
import { DevEnvironment } from '../src/dev/environment.js';
import { findProcesses } from '../src/dev/processes.js';
import { ask, heading, say, show } from './shell.js';

// The main job and snapshots in front of the reader: every command below is run as it is printed, and what it prints is
// its own. It works in a folder of its own, and takes away what an interrupted run left there.

const FOLDER = '/var/lib/pannier/demo';
const CEPH = join(FOLDER, 'dev');
const TARGET = join(FOLDER, 'data');
const SPEC = 'demo/volume.hcl';
const SNAPSHOT = 'before';
const RESTORED = 'basket-before';
const RESTORED_TARGET = join(FOLDER, 'before');
const LETTER = 'letter.bin';
const FILE_BYTES = 32 * 2 ** 20;
const GROWN = '2GiB';
const PURGE_LIMIT_MS = 30_000;

process.env.PANNIER_ENDPOINT = `unix://${CEPH}/csi.sock`;
// A Nomad that the shell knows would be told of the volumes.
delete process.env.NOMAD_ADDR;

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => interrupt.abort(new Error(`interrupted by ${signal}`)));

/** What programs are told of the cluster: `pannier dev status -json`. */
interface Dev {
  readonly ceph: { readonly conf: string; readonly user: string; readonly pool: string };
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly capacityBytes: number;
}

/** What was written into a file of the volume. */
interface Letter {
  readonly which: 'first' | 'second';
  readonly sha256: string;
}

const began = performance.now();
try {
  await reset();
  await demonstrate();
  say(
    `\nAll of it happened in ${((performance.now() - began) / 1000).toFixed(0)} s, and nothing is left.`,
  );
} catch (error) {
  process.exitCode = interrupt.signal.aborted ? 130 : 1;
  say(`\n${error instanceof Error ? error.message : error}`);
  say('Taking everything down again.');
  await reset();
}

async function demonstrate(): Promise<void> {
  const { signal } = interrupt;
  heading('A one-node Ceph, and the plugin on top of it');
  await mkdir(FOLDER, { recursive: true });
  await show(signal, 'pannier', 'dev', '-detach', `-folder=${CEPH}`);
  const dev = JSON.parse(
    await ask(signal, 'pannier', 'dev', 'status', '-json', `-folder=${CEPH}`),
  ) as Dev;
  const { conf, user, pool } = dev.ceph;
  const rbd = ['-c', conf, '--id', user];

  heading('A volume specification, as Nomad reads it');
  await show(signal, 'cat', SPEC);
  await show(signal, 'pannier', 'volume', 'validate', SPEC);

  heading('The CSI request made from it');
  await show(signal, 'pannier', 'volume', 'plan', SPEC);

  heading('A real RBD image');
  await show(signal, 'pannier', 'volume', 'create', SPEC);
  const [created] = await volumes();
  if (created === undefined) throw new Error('the plugin lists no volume');
  const { id, capacityBytes } = created;
  await show(signal, 'pannier', 'volume', 'status');
  const image = id.split('/').at(-1) ?? '';
  await show(signal, 'rbd', ...rbd, 'info', `${pool}/${image}`);

  heading('Mounted, with a file in it');
  await show(
    signal,
    'pannier',
    'volume',
    'mount',
    '-fs-type=xfs',
    '-mount-flags=noatime',
    id,
    TARGET,
  );
  const first = await writeLetter('first');
  await threeSides(id, capacityBytes);

  heading('A snapshot, and the file overwritten');
  await show(signal, 'pannier', 'snapshot', 'create', id, SNAPSHOT);
  await show(signal, 'rbd', ...rbd, 'snap', 'ls', `${pool}/${image}`);
  const second = await writeLetter('second');

  heading('The snapshot as a second volume, mounted beside the first: the old file is in it');
  await show(signal, 'pannier', 'snapshot', 'restore', SNAPSHOT, RESTORED);
  await show(signal, 'pannier', 'volume', 'mount', RESTORED, RESTORED_TARGET);
  await checkLetter(RESTORED_TARGET, first);
  await checkLetter(TARGET, second);

  heading('Grown while it is mounted');
  await show(signal, 'pannier', 'volume', 'expand', id, GROWN);
  await threeSides(id, 2 ** 31);
  await checkLetter(TARGET, second);

  heading('Unmounted, mounted again: the file is there');
  await show(signal, 'pannier', 'volume', 'unmount', TARGET);
  if (mountsBelow(FOLDER).includes(TARGET)) throw new Error(`${TARGET} is still mounted`);
  await show(signal, 'pannier', 'volume', 'mount', id, TARGET);
  await checkLetter(TARGET, second);

  heading('Deleted, although a snapshot and a volume hang on it');
  await show(signal, 'pannier', 'volume', 'unmount', TARGET);
  await show(signal, 'pannier', 'volume', 'delete', id);
  await show(signal, 'pannier', 'volume', 'status');
  const left = (await volumes()).map(({ name }) => name);
  if (left.join() !== RESTORED) throw new Error(`the plugin lists ${left.join(', ')}`);
  await show(signal, 'pannier', 'volume', 'trash', 'list');
  const images = await show(signal, 'rbd', ...rbd, 'ls', pool);
  if (images.includes(image) || !images.includes('pannier.tombstone.'))
    throw new Error('the image of the deleted volume is no tombstone');
  say('Its image is a tombstone, for as long as it is needed.');
  await checkLetter(RESTORED_TARGET, first);

  heading('The rest deleted');
  await show(signal, 'pannier', 'volume', 'unmount', RESTORED_TARGET);
  await show(signal, 'pannier', 'volume', 'delete', RESTORED);
  await show(signal, 'pannier', 'snapshot', 'delete', SNAPSHOT);

  heading('Nothing is left');
  await show(signal, 'pannier', 'volume', 'status');
  await show(signal, 'pannier', 'snapshot', 'list');
  await purged(['ls', pool]);
  await purged(['trash', 'ls', '--all', pool]);
  await show(signal, 'pannier', 'volume', 'trash', 'list');
  expectEmpty('images', await show(signal, 'rbd', ...rbd, 'ls', pool));
  expectEmpty(
    'images in the trash',
    await show(signal, 'rbd', ...rbd, 'trash', 'ls', '--all', pool),
  );
  expectNone('mounts', mountsBelow(FOLDER));
  expectNone('loop devices', loopsBelow(FOLDER));
  expectNone('rbd-fuse processes', processesOf('rbd-fuse'));
  await show(signal, 'pannier', 'dev', 'reset', '-auto-approve', `-folder=${CEPH}`);
  await rm(FOLDER, { recursive: true });
  expectNone('processes', processesOf(''));

  /** The volumes as the plugin lists them. */
  async function volumes(): Promise<Listed[]> {
    return JSON.parse(await ask(signal, 'pannier', 'volume', 'status', '-json')) as Listed[];
  }

  /** The volume's size from the command line, from Ceph and from the kernel, which must agree. */
  async function threeSides(id: string, bytes: number): Promise<void> {
    await show(signal, 'pannier', 'volume', 'status', id);
    await show(signal, 'rbd', ...rbd, 'info', `${pool}/${image}`);
    await show(signal, 'df', '-h', TARGET);
    const listed = (await volumes()).find((volume) => volume.id === id)?.capacityBytes;
    const info = JSON.parse(
      await ask(signal, 'rbd', ...rbd, 'info', '--format=json', `${pool}/${image}`),
    ) as {
      size: number;
    };
    const df = await ask(signal, 'df', '--block-size=1', '--output=size', TARGET);
    const seen = Number(df.trim().split('\n').at(-1));
    if (listed !== bytes || info.size !== bytes)
      throw new Error(`asked ${bytes} bytes, the plugin says ${listed}, Ceph says ${info.size}`);
    if (seen > bytes || seen < bytes * 0.9)
      throw new Error(`the file system has ${seen} of ${bytes} bytes`);
    say(`The plugin and Ceph agree on ${bytes} bytes; the file system makes ${seen} of them.`);
  }

  /** Deleting answers at once; the space is freed behind it. */
  async function purged(args: readonly string[]): Promise<void> {
    const deadline = performance.now() + PURGE_LIMIT_MS;
    while (
      (await ask(signal, 'rbd', ...rbd, ...args)).trim() !== '' &&
      performance.now() < deadline
    )
      await sleep(200, undefined, { signal });
  }
}

async function writeLetter(which: Letter['which']): Promise<Letter> {
  const letter = randomBytes(FILE_BYTES);
  const file = join(TARGET, LETTER);
  await writeFile(file, letter, { flush: true });
  const sha256 = createHash('sha256').update(letter).digest('hex');
  say(`Wrote ${FILE_BYTES} random bytes to ${file}, the ${which} letter, sha256 ${sha256}`);
  return { which, sha256 };
}

async function checkLetter(target: string, { which, sha256 }: Letter): Promise<void> {
  const file = join(target, LETTER);
  await show(interrupt.signal, 'sha256sum', file);
  const found = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  if (found !== sha256)
    throw new Error(`${file} has other bytes: sha256 ${found}, written ${sha256}`);
  say(`The very bytes of the ${which} letter.`);
}

/** Takes down what a run that was cut short left. */
async function reset(): Promise<void> {
  if (!existsSync(FOLDER)) return;
  await new DevEnvironment({ folder: CEPH, program: [] }).reset(() => {});
  // What is mounted would be emptied.
  const mounted = mountsBelow(FOLDER);
  if (mounted.length > 0) throw new Error(`still mounted: ${mounted.join(', ')}`);
  await rm(FOLDER, { recursive: true, force: true });
}

function processesOf(name: string): string[] {
  return findProcesses(
    (args) => (args[0] ?? '').endsWith(name) && args.some((arg) => arg.includes(`${FOLDER}/`)),
  ).map(({ pid, args }) => `${pid} ${args[0]}`);
}

function expectEmpty(what: string, output: string): void {
  expectNone(what, output.trim() === '' ? [] : [output.trim()]);
}

function expectNone(what: string, left: readonly string[]): void {
  if (left.length > 0) throw new Error(`left behind, ${what}: ${left.join(', ')}`);
  say(`No ${what}.`);
}
