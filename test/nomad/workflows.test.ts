import { createHash, randomBytes } from 'node:crypto';
import t from 'tap';
import { specOf } from '../lab/bytes.js';
import { completed, ended, running } from '../lab/nomad/allocations.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { consumerJob, HOLD } from './consumer.js';
import { PLUGIN, startSite } from './site.js';
import { imageOf, imagesIn, readVolume, unclaimed, volumeSpec } from './volumes.js';

const MIB = 1 << 20;

const site = await startSite();
const { nomad, ceph } = site;

/** Runs a batch job with a volume and returns what its script printed. */
let batches = 0;
async function withVolume(source: string, script: string): Promise<string> {
  const id = `batch-${++batches}`;
  await nomad.runJob(consumerJob({ id, type: 'batch', script, volumes: { data: { source } } }));
  const { ID } = await completed(nomad, id);
  const said = await nomad.cli('alloc', 'logs', ID);
  await unclaimed(nomad, source);
  return said.trim();
}

t.test('the life of a volume, by Nomad’s own commands', async (t) => {
  const spec = site.file('data.volume.hcl', volumeSpec({ id: 'data' }));

  const created = await nomad.cli('volume', 'create', spec);
  t.match(created, /Created external volume \S+ with ID data/);
  const { ExternalID } = await readVolume(nomad, 'data');
  t.match(created, ExternalID);
  const image = await imageOf(ceph, ExternalID);
  t.equal(image.size, 320 * MIB);
  t.match(await nomad.cli('volume', 'create', spec), ExternalID, 'the same again is the same');
  t.equal((await imagesIn(ceph)).length, 1);

  const status = await nomad.cli('volume', 'status', 'data');
  t.match(status, /Capacity\s+= 320 MiB/);
  t.match(status, /Provider\s+= csi\.pannier\.rbd/);
  // Nomad cuts the column.
  t.match(
    await nomad.cli('volume', 'status', '-verbose'),
    new RegExp(`External ID.*\\n${ExternalID.slice(0, 30)}`),
    'listed by the plugin too',
  );
  t.match(await nomad.cli('plugin', 'status', PLUGIN), /Controllers Healthy\s+= 1/);

  const letter = randomBytes(3000).toString('base64');
  const digest = createHash('sha256').update(letter).digest('hex');
  await withVolume('data', `printf %s ${letter} > /data/letter && sync`);
  t.match(await withVolume('data', 'sha256sum /data/letter'), digest, 'it is the same file system');

  await t.test('it grows by a changed specification, used or not', async (t) => {
    site.file('data.volume.hcl', volumeSpec({ id: 'data', capacity: '400MiB' }));
    await nomad.cli('volume', 'create', spec);
    t.equal((await imageOf(ceph, ExternalID)).size, 400 * MIB);
    t.equal((await readVolume(nomad, 'data')).Capacity, 400 * MIB);
    const size = 'stat -f -c %b*%S /data';
    const bytes = (said: string) =>
      said
        .split('*')
        .map(Number)
        .reduce((a, b) => a * b);
    t.ok(bytes(await withVolume('data', size)) > 320 * MIB, 'and so does its file system');

    const id = await nomad.runJob(
      consumerJob({ id: 'holder', script: HOLD, volumes: { data: { source: 'data' } } }),
    );
    const [holder] = await running(nomad, id);
    site.file('data.volume.hcl', volumeSpec({ id: 'data', capacity: '500MiB' }));
    await nomad.cli('volume', 'create', spec);
    t.equal((await imageOf(ceph, ExternalID)).size, 500 * MIB);
    const exec = ['alloc', 'exec', '-i=false', '-t=false', holder?.ID ?? ''];
    t.ok(
      bytes(await nomad.cli(...exec, '/bin/stat', '-f', '-c', '%b*%S', '/data')) > 400 * MIB,
      'under the running task',
    );
    await nomad.cli('job', 'stop', '-detach', id);
    await ended(nomad, id);
    await unclaimed(nomad, 'data');
  });

  await t.test('snapshots are taken, listed, restored and deleted', async (t) => {
    const said = await nomad.cli('volume', 'snapshot', 'create', '-verbose', 'data', 'before');
    const snapshot = /\S+@\S+/.exec(said)?.[0] ?? '';
    t.match(snapshot, `${ExternalID}@`);
    t.match(await nomad.cli('volume', 'snapshot', 'list', '-plugin', PLUGIN, '-verbose'), snapshot);
    t.equal(
      (JSON.parse(await ceph.rbd('snap', 'ls', '--format=json', specOf(ExternalID))) as unknown[])
        .length,
      1,
      'it is an RBD snapshot',
    );
    await withVolume('data', 'printf changed > /data/letter && sync');

    const restored = volumeSpec({
      id: 'restored',
      more: `snapshot_id = "${snapshot}"`,
      capacity: '500MiB',
    });
    await nomad.cli('volume', 'create', site.file('restored.volume.hcl', restored));
    t.match(await withVolume('restored', 'sha256sum /data/letter'), digest, 'as it was');
    t.equal(await withVolume('data', 'cat /data/letter'), 'changed');
    await nomad.cli('volume', 'snapshot', 'delete', PLUGIN, snapshot);
    t.notMatch(
      await nomad.cli('volume', 'snapshot', 'list', '-plugin', PLUGIN, '-verbose'),
      snapshot,
    );
    t.match(await withVolume('restored', 'sha256sum /data/letter'), digest, 'it outlives that');
    await nomad.cli('volume', 'delete', 'restored');
  });

  await t.test('a clone is a volume of its own', async (t) => {
    const clone = volumeSpec({
      id: 'clone',
      more: `clone_id = "${ExternalID}"`,
      capacity: '500MiB',
    });
    await nomad.cli('volume', 'create', site.file('clone.volume.hcl', clone));
    await withVolume('clone', 'printf cloned > /data/letter && sync');
    t.equal(await withVolume('data', 'cat /data/letter'), 'changed');
    t.equal(await withVolume('clone', 'cat /data/letter'), 'cloned');
    await nomad.cli('volume', 'delete', 'clone');
  });

  await t.test('it is registered, detached and deregistered', async (t) => {
    await nomad.cli('volume', 'deregister', 'data');
    await t.rejects(readVolume(nomad, 'data'), /not found/);
    t.equal((await imageOf(ceph, ExternalID)).id, image.id, 'the image stays');
    const registration = volumeSpec({
      id: 'again',
      name: '',
      more: `external_id = "${ExternalID}"`,
    });
    const file = site.file('again.volume.hcl', registration);
    t.match(await nomad.cli('volume', 'register', file), 'Volume "again" registered');
    t.equal(await withVolume('again', 'cat /data/letter'), 'changed');
    // Nomad 1.11.2 looks for the allocation that this command cannot name, and refuses it always.
    const detach = nomad.cli('volume', 'detach', 'again', nomad.client.nodeId);
    await t.rejects(detach, /Unknown allocation/);
    await nomad.cli('volume', 'delete', 'again');
    t.same(await imagesIn(ceph), []);
  });
  t.same(await whatIsLeft(ceph, site.folder), NOTHING);
});
