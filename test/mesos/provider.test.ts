import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { labFolder } from '../lab/folder.js';
import { diskWith, partOf, pool, type Resource, rolesOf } from '../lab/mesos/resources.js';
import { Disks, finished, idOf } from './disks.js';
import { QUOTA_MIB, ROLE, startSite } from './site.js';

const site = await startSite({ foreign: true });
const { ceph, framework } = site;
const disks = new Disks(framework);
const MIB = 1 << 20;

t.test('a MOUNT disk of a part of a pool: made, filled, found again and destroyed', async (t) => {
  const { resource: whole } = await framework.offered(pool('ext4'));
  t.match(whole, { name: 'disk', reservations: [{ role: ROLE }], scalar: { value: QUOTA_MIB } });
  const disk = await disks.create('ext4', 64);
  t.match(disk, { scalar: { value: 64 }, disk: { source: { type: 'MOUNT', profile: 'ext4' } } });
  t.equal((await site.image(idOf(disk))).size, 64 * MIB);

  const script = 'echo kept > data/letter && findmnt --noheadings --output FSTYPE data';
  t.match(await disks.write(disk, script), { state: 'TASK_FINISHED', message: 'ext4' });
  const read = await disks.use(disk, 'cat data/letter');
  t.match(read, { state: 'TASK_FINISHED', message: 'kept' });

  await disks.destroyVolume(disk);
  await disks.destroy(disk);
  t.same(await site.images(), []);
});

t.test('a MOUNT disk of all of a pool leaves nothing of it, until it is destroyed', async (t) => {
  const whole = (profile: string) => (one: Resource) =>
    pool(profile)(one) && one.scalar.value === QUOTA_MIB;
  const disk = await disks.create('ext4', 'all', 'MOUNT', { where: whole('ext4') });
  t.equal((await site.image(idOf(disk))).size, QUOTA_MIB * MIB);
  // It is of every profile's pool.
  await framework.vanished(pool('block'));
  await disks.destroy(disk);
  t.same(await site.images(), []);
  await framework.offered(whole('ext4'));
  await framework.offered(whole('block'));
});

t.test('a BLOCK disk is a block device for who has it', async (t) => {
  const disk = await disks.create('block', 64, 'BLOCK');
  t.match(disk, { disk: { source: { type: 'BLOCK', profile: 'block' } } });
  t.equal((await site.image(idOf(disk))).size, 64 * MIB);
  const device = site.target(site.agent, idOf(disk));
  const script = `blockdev --getsize64 '${device}' && echo raw | dd of='${device}' conv=fsync 2>/dev/null`;
  const ran = await framework.run(diskWith(idOf(disk)), (one) => ({ script, resources: [one] }));
  t.match(ran, { state: 'TASK_FINISHED', message: `${64 * MIB}` });
  const file = join(labFolder(), 'exported');
  await ceph.rbd('export', '--no-progress', site.specOf(idOf(disk)), file);
  t.equal(execFileSync('head', ['-c', '4', file], { encoding: 'utf8' }), 'raw\n');

  // Mesos removes what is at the target before it asks the plugin, and cannot where a device is mounted.
  t.match(await disks.tryDestroy(disk), { state: 'OPERATION_FAILED', message: 'busy' });
  execFileSync('umount', [device]);
  await disks.destroy(disk);
  t.same(await site.images(), []);
});

t.test('RESERVE and UNRESERVE around a disk', async (t) => {
  await framework.rest();
  const team = await site.mesos.framework(`${ROLE}/team`);
  const own = new Disks(team);
  const hasRoles =
    (want: (one: Resource) => boolean, ...roles: string[]) =>
    (one: Resource) =>
      want(one) && rolesOf(one).join() === roles.join();
  const reserve = (one: Resource) => ({
    resources: [reservedFor(partOf(one, 64), `${ROLE}/team`)],
  });
  finished(await team.operate(hasRoles(pool('ext4'), ROLE), 'RESERVE', reserve));
  const mine = hasRoles(pool('ext4'), ROLE, `${ROLE}/team`);
  t.match(await team.offered(mine), { resource: { scalar: { value: 64 } } });

  const disk = await own.create('ext4', 'all', 'MOUNT', { where: mine });
  t.same(rolesOf(disk), [ROLE, `${ROLE}/team`]);
  const unreserve = (one: Resource) => ({ resources: [one] });
  const isDisk = diskWith(idOf(disk));
  finished(await team.operate(isDisk, 'UNRESERVE', unreserve));
  t.same(rolesOf((await team.offered(hasRoles(isDisk, ROLE))).resource), [ROLE]);
  t.equal((await site.image(idOf(disk))).size, 64 * MIB, 'its image is left alone');
  await own.destroy(disk);
  t.same(await site.images(), []);
  await team.teardown();
  await framework.wake();
});

t.test('an image that was there before is a raw disk, and is never deleted', async (t) => {
  const spec = `${site.foreignPool}/heirloom`;
  await fill(spec, 'from before');
  const id = `${ceph.name}/${spec}`;
  const { resource: raw } = await framework.offered(diskWith(id));
  t.match(raw, { scalar: { value: 64 }, disk: { source: { type: 'RAW', id } } });
  t.notOk(raw.disk?.source?.profile);

  const wrong = await framework.operate(diskWith(id), 'CREATE_DISK', (source) => ({
    ...{ source, target_type: 'BLOCK', target_profile: 'missing' },
  }));
  t.equal(wrong.state, 'OPERATION_FAILED', 'a profile that nobody knows');
  const body = (source: Resource) => ({ source, target_type: 'MOUNT', target_profile: 'ext4' });
  finished(await framework.operate(diskWith(id), 'CREATE_DISK', body));
  const disk = (await framework.offered(diskWith(id))).resource;
  t.match(disk, { disk: { source: { type: 'MOUNT', profile: 'ext4' } } });
  const read = await disks.write(disk, 'cat data/letter');
  t.match(read, { state: 'TASK_FINISHED', message: 'from before' });
  await disks.destroyVolume(disk);

  const refused = await disks.tryDestroy(disk);
  t.match(refused, { state: 'OPERATION_FAILED' });
  t.equal((await site.image(id)).size, 64 * MIB);
});

t.test('the provider is alive after all of it', async (t) => {
  const disk = await disks.create('ext4', 32);
  await disks.destroy(disk);
  t.same(await site.images(), []);
});

/** Makes an image with a file system that has a letter in it, as another program of Ceph's does. */
async function fill(spec: string, letter: string): Promise<void> {
  const folder = labFolder();
  const [tree, file] = [join(folder, 'tree'), join(folder, 'image')];
  mkdirSync(tree);
  writeFileSync(join(tree, 'letter'), letter);
  execFileSync('mkfs.ext4', ['-q', '-d', tree, file, '64M']);
  await ceph.rbd('import', '--no-progress', file, spec);
}

function reservedFor(resource: Resource, role: string): Resource {
  const reservations = [...(resource.reservations ?? []), { type: 'DYNAMIC' as const, role }];
  return { ...resource, reservations };
}
