import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { mountsBelow } from '../lab/folder.js';
import type { Resource } from '../lab/mesos/resources.js';
import { Disks, idOf } from './disks.js';
import { startSite } from './site.js';

const site = await startSite();
const { agent, framework } = site;
const disks = new Disks(framework);

/** A disk with a letter in it, which is published since a task wrote it. */
async function letterIn(t: Test): Promise<Resource> {
  const disk = await disks.create('ext4', 32);
  const wrote = await disks.write(disk, 'echo kept > data/letter');
  t.equal(wrote.state, 'TASK_FINISHED', wrote.message ?? '');
  return disk;
}

async function isKept(t: Test, disk: Resource): Promise<void> {
  t.match(await disks.use(disk, 'cat data/letter'), { state: 'TASK_FINISHED', message: 'kept' });
}

async function destroy(t: Test, disk: Resource): Promise<void> {
  await disks.destroyVolume(disk);
  await disks.destroy(disk);
  t.same(await site.images(), []);
  t.same(mountsBelow(site.mounts(agent)), []);
}

t.test('an agent that is killed comes back to its volumes, and the task goes on', async (t) => {
  const disk = await letterIn(t);
  const task = await disks.launch(
    disk,
    'while [ ! -e data/end ]; do sleep 0.1; done; cat data/letter',
  );
  await framework.task(task, /RUNNING/);
  const before = site.pluginPid(agent);
  const formatted = site.times(agent, 'stage/make-fs');
  await agent.restart();
  t.equal(site.pluginPid(agent), before, 'the plugin is kept');
  execFileSync('touch', [join(site.target(agent, idOf(disk)), 'end')]);
  t.match(await framework.task(task), { state: 'TASK_FINISHED', message: 'kept' });
  await isKept(t, disk);
  t.equal(site.times(agent, 'stage/make-fs'), formatted, 'nothing is formatted');
  await destroy(t, disk);
});

t.test('a plugin that is killed is launched again, and mounts and tasks go on', async (t) => {
  const disk = await letterIn(t);
  const task = await disks.launch(
    disk,
    'while [ ! -e data/end ]; do sleep 0.1; done; cat data/letter',
  );
  await framework.task(task, /RUNNING/);
  await site.killPlugin(agent);
  execFileSync('touch', [join(site.target(agent, idOf(disk)), 'end')]);
  t.match(await framework.task(task), { state: 'TASK_FINISHED', message: 'kept' });
  await isKept(t, disk);
  await destroy(t, disk);
});

t.test('plugin and agent die together: the volumes are taken over as they are', async (t) => {
  const disk = await letterIn(t);
  // In the other order Mesos 1.11 may take the dead plugin for a living one, and give the provider up after a minute.
  await site.killPlugin(agent);
  await agent.restart();
  await isKept(t, disk);
  await destroy(t, disk);
});

t.test('a machine that reboots publishes its volumes anew, on the first try', async (t) => {
  const disk = await letterIn(t);
  const formatted = site.times(agent, 'stage/make-fs');
  await site.reboot(agent);
  t.same(mountsBelow(site.mounts(agent)), []);
  const staging = join(site.target(agent, idOf(disk)), '..', 'staging');
  t.ok(existsSync(staging), 'the staging directory is never removed');
  await agent.start();
  t.ok(mountsBelow(site.mounts(agent)).includes(site.target(agent, idOf(disk))));
  await isKept(t, disk);
  t.equal(site.times(agent, 'stage/make-fs'), formatted, 'nothing is formatted');
  await destroy(t, disk);
  t.ok(existsSync(staging) || !existsSync(join(staging, '..')), 'Mesos alone removes it');
});
