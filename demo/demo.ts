import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopsBelow, mountsBelow } from '../src/dev/attachments.js';
import { DevEnvironment } from '../src/dev/environment.js';
import { findProcesses } from '../src/dev/processes.js';
import { ask, heading, say, show } from './shell.js';

// The main job in front of the reader: every command below is run as it is printed, and what it prints is
// its own. It works in a folder of its own, and takes away what an interrupted run left there.

const FOLDER = '/var/lib/pannier/demo';
const CEPH = join(FOLDER, 'dev');
const TARGET = join(FOLDER, 'data');
const SPEC = 'demo/volume.hcl';
const FILE = join(TARGET, 'letter.bin');
const FILE_BYTES = 32 * 2 ** 20;
const GROWN = '2GiB';
const PURGE_LIMIT_MS = 30_000;

process.env.PANNIER_ENDPOINT = `unix://${CEPH}/csi.sock`;

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => interrupt.abort(new Error(`interrupted by ${signal}`)));

/** What programs are told of the cluster: `pannier dev status -json`. */
interface Dev {
  readonly ceph: { readonly conf: string; readonly user: string; readonly pool: string };
}

interface Created {
  readonly id: string;
  readonly capacityBytes: number;
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
  const { id, capacityBytes } = await volume();
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
  const sha256 = await writeLetter();
  await threeSides(id, capacityBytes);

  heading('Grown while it is mounted');
  await show(signal, 'pannier', 'volume', 'expand', id, GROWN);
  await threeSides(id, 2 ** 31);
  await checkLetter(sha256);

  heading('Unmounted, mounted again: the file is there');
  await show(signal, 'pannier', 'volume', 'unmount', TARGET);
  if (mountsBelow(FOLDER).includes(TARGET)) throw new Error(`${TARGET} is still mounted`);
  await show(signal, 'pannier', 'volume', 'mount', id, TARGET);
  await checkLetter(sha256);

  heading('Deleted');
  await show(signal, 'pannier', 'volume', 'unmount', TARGET);
  await show(signal, 'pannier', 'volume', 'delete', id);

  heading('Nothing is left');
  await show(signal, 'pannier', 'volume', 'status');
  await purged([...rbd, 'trash', 'ls', '--all', pool]);
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

  /** The volume as the plugin lists it. */
  async function volume(): Promise<Created> {
    const [only] = JSON.parse(
      await ask(signal, 'pannier', 'volume', 'status', '-json'),
    ) as Created[];
    if (only === undefined) throw new Error('the plugin lists no volume');
    return only;
  }

  /** The volume's size from the command line, from Ceph and from the kernel, which must agree. */
  async function threeSides(id: string, bytes: number): Promise<void> {
    await show(signal, 'pannier', 'volume', 'status', id);
    await show(signal, 'rbd', ...rbd, 'info', `${pool}/${image}`);
    await show(signal, 'df', '-h', TARGET);
    const listed = (await volume()).capacityBytes;
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
    while ((await ask(signal, 'rbd', ...args)).trim() !== '' && performance.now() < deadline)
      await sleep(200, undefined, { signal });
  }
}

async function writeLetter(): Promise<string> {
  const letter = randomBytes(FILE_BYTES);
  await writeFile(FILE, letter, { flush: true });
  const sha256 = createHash('sha256').update(letter).digest('hex');
  say(`Wrote ${FILE_BYTES} random bytes to ${FILE}, sha256 ${sha256}`);
  return sha256;
}

async function checkLetter(sha256: string): Promise<void> {
  await show(interrupt.signal, 'sha256sum', FILE);
  const found = createHash('sha256')
    .update(await readFile(FILE))
    .digest('hex');
  if (found !== sha256) throw new Error(`${FILE} changed: sha256 ${found}, written ${sha256}`);
  say('The very bytes that were written.');
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
