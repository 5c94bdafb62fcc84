import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { connect } from '../../src/csi/wire/client.js';
import { Controller, Node } from '../../src/proto/csi/v1/csi_pb.js';
import { mountsBelow } from '../lab/folder.js';
import { diskWith, pool, type Resource } from '../lab/mesos/resources.js';
import type { LabAgent } from '../lab/mesos.js';
import { codeOf } from '../lab/plugin.js';
import { Disks, idOf } from './disks.js';
import { PROFILES, startSite, WRITER } from './site.js';

// What a plugin must do for Mesos, each point a test by its name.

const MIB = 1 << 20;
/** Not a whole number of MiB. */
const QUOTA_MIB = 1024.5;
const LONG_POOL = `p${'-long'.repeat(7)}`;
const PARAMETERS = {
  long: { pool: LONG_POOL },
  unknown: { colour: 'blue' },
  missing: { pool: 'no-such' },
};

const volume_capabilities = { mount: { fs_type: 'ext4' }, ...WRITER };
const site = await startSite({
  agents: 2,
  quotaMib: QUOTA_MIB,
  reconcileSeconds: 2,
  // With one OSD nobody renews its lease to be read, which would end in an outage of 20 s and never come back.
  ceph: { own: true, settings: { 'osd pool default read lease ratio': '20' } },
  pools: [LONG_POOL],
  profiles: {
    profile_matrix: {
      ...PROFILES.profile_matrix,
      ...Object.fromEntries(
        Object.entries(PARAMETERS).map(([name, create_parameters]) => [
          name,
          { volume_capabilities, create_parameters },
        ]),
      ),
    },
  },
});
const { agent, ceph, framework } = site;
const [, other] = site.mesos.agents as [LabAgent, LabAgent];
const disks = new Disks(framework);
const here = { agent: await agent.id() };

/** Calls the plugin of an agent as Mesos does. */
async function calling<T>(
  one: LabAgent,
  call: (of: ReturnType<typeof services>) => Promise<T>,
): Promise<T> {
  const connection = connect(site.endpoint(one));
  try {
    return await call(services(connection));
  } finally {
    connection.close();
  }
}

function services(connection: ReturnType<typeof connect>) {
  return { controller: connection.service(Controller), node: connection.service(Node) };
}

const CAPABILITY = {
  accessType: { case: 'mount' as const, value: { fsType: 'ext4' } },
  accessMode: { mode: 1 },
};

t.test(
  '1. Bind the socket at once and answer Probe OK even when Ceph is down; never exit on a backend failure',
  async (t) => {
    await ceph.stopMon();
    await site.reboot(agent);
    // It is ready when its provider is connected, which takes Probe, ListVolumes and GetCapacity.
    await agent.start();
    const pid = site.pluginPid(agent);
    await site.reconciled(agent, 2);
    await ceph.startMon();
    t.equal(site.pluginPid(agent), pid, 'it did not end');
    await disks.destroy(await disks.create('ext4', 32, 'MOUNT', here));
  },
);

t.test(
  '2. Serve ListVolumes and GetCapacity from a cache rather than fail; report 0 capacity for a bad profile, not an error',
  async (t) => {
    await ceph.pause('mon');
    await ceph.pause('osd');
    await site.reconciled(agent, 2);
    await ceph.resume('osd');
    await ceph.resume('mon');
    t.ok(framework.resources.some(pool('ext4')), 'the pool is still offered');
    for (const profile of ['unknown', 'missing'])
      t.notOk(framework.resources.some(pool(profile)), `nothing is offered by ${profile}`);
    const said = site.log(agent).map((line) => JSON.stringify(line));
    for (const word of ['colour', 'no-such'])
      t.ok(
        said.some((line) => line.includes(word)),
        `the log has "${word}"`,
      );
    await site.reconciled(agent, 1);
  },
);

t.test(
  '3. Join in-flight operations with the same key instead of returning ABORTED; map transient Ceph errors to UNAVAILABLE',
  async (t) => {
    await ceph.pause('osd');
    const creating = disks.create('ext4', 32, 'MOUNT', here);
    await site.logged(agent, ({ rpc, msg }) => rpc === 'CreateVolume' && msg === 'call received');
    // The agent that comes back sends the same call again, and the first one is still under way.
    await agent.kill();
    const again = site.logged(
      agent,
      ({ rpc, msg }) => rpc === 'CreateVolume' && msg === 'call received',
    );
    const starting = agent.start();
    await again;
    await ceph.resume('osd');
    await starting;
    const disk = await creating;
    t.equal((await site.images()).length, 1, 'there is one image');
    await disks.destroy(disk);
  },
);

t.test('4. Keep map plus mkfs under 60 s, and carry on after the client cancels', async (t) => {
  const disk = await disks.create('ext4', 32, 'MOUNT', here);
  const formatted = site.times(agent, 'stage/make-fs');
  const wrote = disks.write(disk, 'echo kept > data/letter');
  await site.logged(agent, ({ rpc, msg }) => rpc === 'NodeStageVolume' && msg === 'call received');
  await agent.kill();
  await site.logged(agent, ({ effect }) => effect === 'stage/remember-staged');
  await agent.start();
  t.match(await wrote, { state: /TASK_(FAILED|LOST|DROPPED)/ }, 'a task is lost with its agent');
  t.match(await disks.use(disk, 'ls data'), { state: 'TASK_FINISHED', message: 'lost+found' });
  const [call] = site.log(agent).filter(({ rpc, ms }) => rpc === 'NodeStageVolume' && ms);
  t.ok(Number(call?.ms) < 60_000);
  t.equal(site.times(agent, 'stage/make-fs'), formatted + 1, 'it is formatted once');
  await disks.clear(disk);
});

t.test(
  '5. Create exact byte sizes; floor GetCapacity to MiB; report quota minus provisioned bytes',
  async (t) => {
    const pooled = (mib: number) => (one: Resource) =>
      pool('ext4')(one) && one.scalar.value === mib;
    // The quota is half a MiB more.
    await framework.offered(pooled(1024), here.agent);
    const disk = await disks.create('ext4', 33.5, 'MOUNT', here);
    t.equal((await site.image(idOf(disk))).size, 33.5 * MIB);
    await site.reconciled(agent, 2);
    const { resource } = await framework.offered(pooled(991), here.agent);
    t.ok(resource, 'what is left is in whole MiB, and does not grow back');
    await disks.destroy(disk);
  },
);

t.test(
  '6. Return every ListVolumes entry in one page, with capacity and volume_context exactly as created',
  async (t) => {
    const made = [];
    for (let index = 0; index < 12; index++)
      made.push(await disks.create('ext4', 9 + index, 'MOUNT', here));
    await agent.restart();
    await site.reconciled(agent, 2);
    for (const disk of made) {
      const { resource } = await framework.offered(diskWith(idOf(disk)), here.agent);
      t.same(resource.scalar, disk.scalar);
      t.same(resource.disk?.source?.metadata, disk.disk?.source?.metadata);
      await disks.destroy(disk);
    }
    t.same(await site.images(), []);
  },
);

t.test(
  '7. Scope ListVolumes to this host; DeleteVolume refuses the volumes of others and images in use',
  async (t) => {
    const disk = await disks.create('ext4', 32, 'MOUNT', here);
    const volumeId = idOf(disk);
    await site.reconciled(other, 2);
    const listed = await calling(other, ({ controller }) => controller.listVolumes({}));
    t.same(listed.entries, []);
    const anothers = calling(other, ({ controller }) => controller.deleteVolume({ volumeId }));
    t.equal(await codeOf(anothers), 'FAILED_PRECONDITION');
    t.match(await disks.write(disk, 'echo kept > data/letter'), { state: 'TASK_FINISHED' });
    const used = calling(agent, ({ controller }) => controller.deleteVolume({ volumeId }));
    t.equal(await codeOf(used), 'FAILED_PRECONDITION');
    await disks.clear(disk);
  },
);

t.test(
  '8. Never remove the staging directory. Create target on publish and remove it on unpublish',
  async (t) => {
    const { id } = await calling(agent, async ({ controller }) => {
      const range = { requiredBytes: 32n << 20n, limitBytes: 32n << 20n };
      const name = 'by-hand';
      const request = { name, capacityRange: range, volumeCapabilities: [CAPABILITY] };
      const { volume } = await controller.createVolume(request);
      return { id: volume?.volumeId ?? '' };
    });
    const home = join(site.mounts(agent), encodeURIComponent(id));
    const paths = { stagingTargetPath: join(home, 'staging'), targetPath: join(home, 'target') };
    mkdirSync(paths.stagingTargetPath, { recursive: true });
    await calling(agent, async ({ node, controller }) => {
      const request = { volumeId: id, ...paths, volumeCapability: CAPABILITY };
      await node.nodeStageVolume(request);
      await node.nodePublishVolume(request);
      t.same(mountsBelow(home).sort(), [paths.stagingTargetPath, paths.targetPath]);
      await node.nodeUnpublishVolume(request);
      t.notOk(existsSync(paths.targetPath));
      await node.nodeUnstageVolume(request);
      t.ok(existsSync(paths.stagingTargetPath));
      await controller.deleteVolume({ volumeId: id });
    });
  },
);

t.test(
  '9. Keep the percent-encoded volume id within 255 bytes; keep secrets out of volume_context',
  async (t) => {
    const disk = await disks.create('long', 32, 'MOUNT', here);
    t.match(idOf(disk), LONG_POOL);
    t.ok(encodeURIComponent(idOf(disk)).length <= 255);
    t.match(await disks.write(disk, 'echo kept > data/letter'), { state: 'TASK_FINISHED' });
    const labels = disk.disk?.source?.metadata?.labels ?? [];
    t.same(
      labels.map(({ key }) => key),
      ['name'],
    );
    t.notOk(JSON.stringify(disk).includes(ceph.key));
    await disks.clear(disk);
  },
);

t.test('10. Make the republish at recovery robust: one failure kills the provider', async (t) => {
  const disk = await disks.create('ext4', 32, 'MOUNT', here);
  t.match(await disks.write(disk, 'echo kept > data/letter'), { state: 'TASK_FINISHED' });
  await site.reboot(agent);
  // The machine is back sooner than Ceph.
  await ceph.pause('osd');
  const starting = agent.start();
  await site.logged(agent, ({ rpc, msg }) => rpc === 'NodeStageVolume' && msg === 'call received');
  await sleep(5000);
  await ceph.resume('osd');
  await starting;
  t.match(await disks.use(disk, 'cat data/letter'), { message: 'kept' });
  await disks.clear(disk);
  t.same(await site.images(), []);
});
