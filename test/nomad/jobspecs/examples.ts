import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import type { Test } from 'tap';
import { specOf } from '../../lab/bytes.js';
import { type Allocation, completed } from '../../lab/nomad/allocations.js';
import type { JobspecSite } from './site.js';

/** Speaks to the Redis of an allocation. */
const REDIS = 'redis-cli -p "$NOMAD_PORT_redis"';

/** A database on one writer: what it was told is in Ceph, and is there again wherever it runs next. */
export async function databaseExample(t: Test, site: JobspecSite): Promise<void> {
  const volume = await site.createVolume('database');
  const [first] = await site.runExample('database');
  const word = randomUUID();
  t.equal(await redis(site, first, `SET letter ${word}`), 'OK');
  t.ok(await isInCeph(site, volume, word), 'what it acknowledged is in the image');
  await site.stop('database');
  const [second] = await site.runExample('database');
  t.equal(await redis(site, second, 'GET letter'), word, 'it is there after a move');
  await t.rejects(site.nomad.cli('volume', 'delete', 'database'), /in use/, 'not while in use');
  t.equal(await redis(site, second, 'GET letter'), word, 'and nothing happened to it');
  t.equal(await redis(site, second, 'SET letter again'), 'OK');
  await site.stop('database');
  await deleteVolume(t, site, 'database', volume);
}

/** One writes, then three read at once. */
export async function catalogExample(t: Test, site: JobspecSite): Promise<void> {
  const volume = await site.createVolume('catalog');
  await completed(site.nomad, await site.run(`${site.examples}/catalog-load.nomad.hcl`));
  await site.unclaimed('catalog');
  const readers = await site.runExample('catalog', 3);
  for (const reader of readers) {
    t.match(await site.exec(reader, 'sha256sum', '-c', '/catalog/sums'), '/catalog/made: OK');
    await t.rejects(site.exec(reader, 'sh', '-c', 'echo x >/catalog/x'), /[Rr]ead-only/);
  }
  await site.stop('catalog');
  await site.stop('catalog-load');
  await deleteVolume(t, site, 'catalog', volume);
}

/** A raw block device. */
export async function journalExample(t: Test, site: JobspecSite): Promise<void> {
  const volume = await site.createVolume('journal');
  const [writer] = await site.runExample('journal');
  const word = randomUUID();
  const script = `echo ${word} | dd of=\${DEVICE:-/journal} bs=4096 seek=1 conv=sync,notrunc oflag=direct,dsync`;
  await site.exec(writer, 'sh', '-c', script);
  t.ok(await isInCeph(site, volume, word), 'what was written is in the image');
  await site.stop('journal');
  await deleteVolume(t, site, 'journal', volume);
}

/** Each allocation has the volume of its own number. */
export async function shardsExample(t: Test, site: JobspecSite): Promise<void> {
  const ids = [0, 1, 2].map((index) => `shard[${index}]`);
  await site.pannier('volume', 'create', site.spec('shards'));
  const shards = await site.runExample('shards', 3);
  for (const shard of shards) t.equal(await redis(site, shard, `SET name ${shard.Name}`), 'OK');
  await site.stop('shards');
  for (const shard of await site.runExample('shards', 3))
    t.equal(await redis(site, shard, 'GET name'), shard.Name, 'it found its own volume again');
  await site.stop('shards');
  for (const id of ids) {
    await site.unclaimed(id);
    await site.nomad.cli('volume', 'delete', id);
  }
}

export async function redis(
  site: JobspecSite,
  alloc: Allocation | undefined,
  command: string,
): Promise<string> {
  return site.exec(alloc, 'sh', '-c', `${REDIS} ${command}`);
}

/** True where an image holds a word, as Ceph's own program reads it. */
async function isInCeph(site: JobspecSite, volume: string, word: string): Promise<boolean> {
  const file = site.file('exported');
  await site.ceph.rbd('export', '--no-progress', specOf(volume), file);
  const found = readFileSync(file).includes(word);
  rmSync(file);
  return found;
}

async function deleteVolume(t: Test, site: JobspecSite, id: string, volume: string): Promise<void> {
  await site.unclaimed(id);
  await site.nomad.cli('volume', 'delete', id);
  await t.rejects(site.ceph.rbd('info', specOf(volume)), /No such file/, 'the image is gone');
}
