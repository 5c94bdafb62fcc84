import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { pannier } from '../cli/pannier.js';
import { labFolder, mountsBelow } from '../lab/folder.js';
import type { TaskStatus } from '../lab/mesos/framework.js';
import type { Resource } from '../lab/mesos/resources.js';
import { startPlugin } from '../lab/plugin.js';
import { PLUGIN, startSite } from './site.js';

const LIMIT_MS = 60_000;
/** What agents call the plugin that runs already. */
const UNMANAGED = 'csi.pannier.unmanaged';

const site = await startSite({ isolator: true, agents: 0 });
const { ceph, framework } = site;
const folder = labFolder();
const root = join(folder, 'mounts');
mkdirSync(root);
const { endpoint } = await startPlugin({ clusters: [ceph.settings], nodeId: 'unmanaged', folder });
const endpoints = [{ csi_service: 'NODE_SERVICE', endpoint }];
const unmanaged = { type: UNMANAGED, endpoints, target_path_root: root };
const agent = await site.addAgent({ 'unmanaged.json': unmanaged });

for (const [type, mounts] of [
  [PLUGIN, site.mounts(agent)],
  [UNMANAGED, root],
] as const) {
  t.test(`volumes that are made by hand, in tasks: ${type}`, async (t) => {
    const id = await createVolume('letters');
    const run = (mode: 'RW' | 'RO', script: string) =>
      framework.launch(hasCpus, () => ({ script, volumes: [volumeOf(type, id, mode)] }));
    const ended = async (task: string): Promise<TaskStatus> => framework.task(task);

    const wrote = await ended(await run('RW', 'echo kept > data/letter'));
    t.match(wrote, { state: 'TASK_FINISHED' });
    await unmounted(mounts, 'its end unpublishes and unstages');

    const wait = 'while [ ! -e data/end ]; do sleep 0.1; done; cat data/letter';
    const first = await run('RW', wait);
    await framework.task(first, /RUNNING/);
    const second = await run('RW', wait);
    await framework.task(second, /RUNNING/);
    t.equal(mountsBelow(mounts).length, 2, 'both use one stage and one publication');
    t.match(await ended(await run('RW', 'cat data/letter')), { message: 'kept' });
    t.equal(mountsBelow(mounts).length, 2, 'one of several ends');
    t.match(await framework.kill(first), { state: 'TASK_KILLED' });
    t.equal(mountsBelow(mounts).length, 2);
    t.match(await ended(await run('RW', 'touch data/end')), { state: 'TASK_FINISHED' });
    t.match(await ended(second), { state: 'TASK_FINISHED', message: 'kept' });
    await unmounted(mounts, 'the last end unpublishes and unstages');

    const script = 'cat data/letter; ! echo changed > data/letter';
    const read = await ended(await run('RO', script));
    t.match(read, { state: 'TASK_FINISHED', message: 'kept' });
    t.match(read, { message: 'Read-only file system' });

    await unmounted(mounts, 'so does the end of a reader');
    const deleted = await pannier(['volume', 'delete', `-endpoint=${endpoint}`, id]);
    t.equal(deleted.code, 0, deleted.stderr);
    t.equal(await ceph.rbd('ls', ceph.pool), '');
  });
}

/**
 * Waits until containers are gone, whose tasks' ends are told before that. Mesos 1.11 mixes up the unpublishing of a
 * volume for the last container with its publishing for a next one.
 */
async function unmounted(mounts: string, what: string): Promise<void> {
  const limit = Date.now() + LIMIT_MS;
  while (mountsBelow(mounts).length > 0 || (await agent.executors()) > 0) {
    if (Date.now() > limit) throw new Error(`${what}: ${mountsBelow(mounts).join(', ')}`);
    await sleep(50);
  }
}

async function createVolume(name: string): Promise<string> {
  const spec = join(labFolder(), 'volume.hcl');
  const text = `id = "${name}"\nname = "${name}"\ntype = "csi"\nplugin_id = "pannier"
capacity_min = "64MiB"\ncapacity_max = "64MiB"
capability {\n  access_mode = "single-node-writer"\n  attachment_mode = "file-system"\n}
mount_options {\n  fs_type = "ext4"\n}\n`;
  writeFileSync(spec, text);
  const made = await pannier(['volume', 'create', `-endpoint=${endpoint}`, '-t={{.id}}', spec]);
  if (made.code !== 0) throw new Error(made.stderr);
  return made.stdout.trim();
}

function volumeOf(plugin_name: string, volume_id: string, mode: 'RW' | 'RO'): object {
  const volume_capability = {
    mount: { fs_type: 'ext4' },
    access_mode: { mode: 'SINGLE_NODE_WRITER' },
  };
  const csi_volume = { plugin_name, static_provisioning: { volume_id, volume_capability } };
  return { mode, container_path: 'data', source: { type: 'CSI_VOLUME', csi_volume } };
}

function hasCpus({ name }: Resource): boolean {
  return name === 'cpus';
}
