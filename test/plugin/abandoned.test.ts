import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startCeph } from '../lab/ceph.js';
import { labFolder, mountsBelow } from '../lab/folder.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { startPlugin } from '../lab/plugin.js';
import { createVolume, MIB, mountAs } from './refusal.js';

// A plugin looks for abandoned volumes when it starts, and every half a minute then.

const LIMIT_MS = 60_000;
const TAKEN = 'took down a volume that was taken from this node';
const IN_USE = 'a volume was taken from this node while it is in use here';

const ceph = await startCeph();

/** A published volume, and what takes it from its node and looks at what becomes of it. */
async function taken(name: string, use: (target: string) => Promise<ChildProcess | undefined>) {
  const folder = labFolder();
  const options = { clusters: [ceph.settings], nodeId: 'abandoned-node', folder };
  const first = await startPlugin(options);
  const volumeId = await createVolume(first, name, 64n * MIB);
  const volumeCapability = mountAs();
  const stagingTargetPath = join(folder, 'staging');
  const targetPath = join(folder, 'target');
  mkdirSync(stagingTargetPath);
  const nodeId = 'abandoned-node';
  await first.controller.controllerPublishVolume({ volumeId, volumeCapability, nodeId });
  const place = { volumeId, stagingTargetPath, volumeCapability };
  await first.node.nodeStageVolume(place);
  await first.node.nodePublishVolume({ ...place, targetPath });
  const user = await use(targetPath);
  await first.controller.controllerUnpublishVolume({ volumeId, nodeId });
  await first.stop();
  return {
    folder,
    volumeId,
    stagingTargetPath,
    targetPath,
    user,
    again: () => startPlugin(options),
  };
}

/** A process that does nothing, with mounts of its own where `own` says so, and where they are what they are here. */
async function task(t: Test, cwd: string, own: boolean): Promise<ChildProcess> {
  const sleeps = ['sleep', '1000'];
  // Other tests' mounts must not live on in it.
  const keeps = ['sh', '-c', 'mount --make-rprivate "$0" && exec "$@"', dirname(dirname(cwd))];
  const [program = '', ...args] = own
    ? ['unshare', '--mount', '--propagation', 'slave', ...keeps, ...sleeps]
    : sleeps;
  const child = spawn(program, args, { cwd: own ? '/' : cwd, stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  const here = readlinkSync('/proc/self/ns/mnt');
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(10)) {
    const isReady = readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n';
    if (isReady && (readlinkSync(`/proc/${child.pid}/ns/mnt`) !== here) === own) return child;
  }
  throw new Error('no task');
}

function ended(child: ChildProcess): Promise<unknown> {
  const end = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  return end;
}

t.test('a volume that was taken from the node and that nobody uses is taken down', async (t) => {
  const { folder, volumeId, targetPath, again } = await taken('nobody', async () => undefined);
  t.ok(existsSync(targetPath));
  const plugin = await again();
  await plugin.logged(({ msg, volume }) => msg === TAKEN && volume === volumeId, LIMIT_MS);
  t.notOk(existsSync(targetPath), 'the publication made it');
  await plugin.controller.deleteVolume({ volumeId });
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

for (const own of [false, true])
  t.test(`a process with ${own ? 'mounts of its own' : 'its folder there'} keeps it`, async (t) => {
    const name = own ? 'container' : 'process';
    const { folder, volumeId, stagingTargetPath, targetPath, user, again } = await taken(
      name,
      (target) => task(t, target, own),
    );
    const plugin = await again();
    const { users } = await plugin.logged(({ msg }) => msg === IN_USE, LIMIT_MS);
    t.same(users, [`${user?.pid} (sleep)`]);
    const mounts = mountsBelow(folder);
    for (const path of [stagingTargetPath, targetPath]) t.ok(mounts.includes(path), path);
    await ended(user as ChildProcess);
    await plugin.logged(({ msg }) => msg === TAKEN, LIMIT_MS);
    await plugin.controller.deleteVolume({ volumeId });
    t.same(await whatIsLeft(ceph, folder), NOTHING);
  });
