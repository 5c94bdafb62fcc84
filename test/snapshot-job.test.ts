import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { type LabCeph, startCeph } from './lab/ceph.js';
import { NOTHING, whatIsLeft } from './lab/nothing-left.js';
import { pannierProgram, startPlugin } from './lab/plugin.js';

const GIB = 1 << 30;
const LIMIT_MS = 60_000;

const SPEC = `id = "basket"
name = "basket"
type = "csi"
plugin_id = "pannier"
capacity_min = "1GiB"
capability {
  access_mode = "single-node-writer"
  attachment_mode = "file-system"
}
mount_options { fs_type = "xfs" }
`;

interface Listed {
  readonly id: string;
  readonly name: string;
}

interface Deleted extends Listed {
  readonly imageId: string;
  readonly keptUntil: string;
  readonly snapshots: number;
}

const ceph = await startCeph();

t.test('snapshots, copies and deleted volumes, through the CLI alone: deletion = "purge"', (t) =>
  job(t, ceph, 'purge'),
);

t.test('the same with deletion = "trash"', (t) => job(t, ceph, 'trash'));

async function job(t: Test, ceph: LabCeph, deletion: 'purge' | 'trash'): Promise<void> {
  const plugin = await startPlugin({
    clusters: [ceph.settings],
    env: { PANNIER_DELETION: deletion },
  });
  const { folder } = plugin;
  const [node, program] = pannierProgram();
  const env = { ...process.env, PANNIER_ENDPOINT: plugin.endpoint };
  const pannier = async (line: string): Promise<string> =>
    (await promisify(execFile)(node, [program, ...line.split(' ')], { env, timeout: LIMIT_MS }))
      .stdout;
  const json = async <T>(line: string) => JSON.parse(await pannier(`${line} -json`)) as T;
  const names = async () => (await json<Listed[]>('volume status')).map(({ name }) => name).sort();
  const trash = async () =>
    (await json<Deleted[]>('volume trash list')).sort((a, b) => (a.name < b.name ? -1 : 1));
  const pathOf = (name: string) => join(folder, name);
  const mount = (name: string) => pannier(`volume mount -fs-type=xfs ${name} ${pathOf(name)}`);
  const unmount = (name: string) => pannier(`volume unmount ${pathOf(name)}`);
  const write = (name: string): string => {
    const bytes = randomBytes(8 << 20);
    writeFileSync(join(pathOf(name), 'letter'), bytes, { flush: true });
    return sha256(bytes);
  };
  /** The letter in a volume, mounted anew, so that no cache answers. */
  const letter = async (name: string): Promise<string> => {
    await mount(name);
    const digest = sha256(readFileSync(join(pathOf(name), 'letter')));
    await unmount(name);
    return digest;
  };

  const spec = pathOf('volume.hcl');
  writeFileSync(spec, SPEC);
  const basket = await json<Listed>(`volume create ${spec}`);
  await mount('basket');
  const first = write('basket');
  const snapshot = await json<Listed>('snapshot create basket first');
  t.match(await json('snapshot create basket first'), { id: snapshot.id }, 'it can be repeated');
  const second = write('basket');
  t.match(await json('snapshot list'), [{ id: snapshot.id, sourceVolumeId: basket.id }]);
  const image = basket.id.split('/').at(-1) ?? '';
  const taken = snapshot.id.split('@').at(-1) ?? '';
  t.match(await ceph.rbd('snap', 'ls', `${ceph.pool}/${image}`), taken, 'RBD has it');

  await pannier('snapshot restore first old');
  await pannier('volume clone -size=2GiB basket copy');
  await mount('old');
  t.equal(
    sha256(readFileSync(join(pathOf('old'), 'letter'))),
    first,
    'the old letter, mounted beside the volume that it comes from',
  );
  t.equal(sha256(readFileSync(join(pathOf('basket'), 'letter'))), second);
  await unmount('old');
  await mount('copy');
  const { blocks, bsize } = statfsSync(pathOf('copy'));
  t.ok(blocks * bsize > 1.8 * GIB, 'a clone that was asked for larger has a larger file system');
  await unmount('copy');
  t.equal(await letter('copy'), second);
  t.match(await json('volume status old'), { source: { kind: 'snapshot', id: snapshot.id } });
  t.match(await json('volume status copy'), { source: { kind: 'volume', id: basket.id } });
  t.match(await json('volume status basket'), { snapshots: [{ id: snapshot.id }] });
  t.match(await json('snapshot status first'), { volumes: [(await named('old')).id] });

  await unmount('basket');
  await pannier('volume delete basket');
  t.same(await names(), ['copy', 'old'], 'a deleted volume shows nowhere, whatever hangs on it');
  const [tombstone] = await trash();
  t.match(tombstone, { id: basket.id, name: 'basket', freeing: false });
  t.ok((tombstone?.snapshots ?? 0) > 0);
  const images = await ceph.rbd('ls', ceph.pool);
  t.match(images, `pannier.tombstone.${tombstone?.imageId}`);
  t.notMatch(images, image);
  t.match(await json('snapshot list'), [{ id: snapshot.id }], 'a snapshot outlives its volume');
  t.equal(await letter('old'), first);
  t.equal(await letter('copy'), second);

  t.match(await json('volume undelete basket'), { id: basket.id, name: 'basket' });
  t.same(await trash(), []);
  t.equal(await letter('basket'), second, 'a volume that was taken back has its bytes');
  await pannier(`volume delete ${basket.id}`);

  await pannier('volume delete copy');
  await pannier('snapshot delete first');
  t.same(await json('snapshot list'), []);
  t.equal(await letter('old'), first, 'what was restored keeps its bytes without the snapshot');
  await pannier('volume delete old');
  t.same(await names(), []);
  if (deletion === 'trash') await takeBackAndFree();
  t.same(await whatIsLeft(ceph, folder), NOTHING);
  t.same(await trash(), []);
  await t.rejects(pannier(`volume undelete ${basket.id}`), /no deleted volume .* is kept/);
  t.equal(await plugin.stop(), 0);

  async function named(name: string): Promise<Listed> {
    return json<Listed>(`volume status ${name}`);
  }

  async function takeBackAndFree(): Promise<void> {
    const kept = await trash();
    t.same(
      kept.map(({ name }) => name),
      ['basket', 'copy', 'old'],
    );
    for (const { keptUntil } of kept) t.ok(Date.parse(keptUntil) > Date.now() + 86_400_000);
    for (const [name, bytes] of [
      ['old', first],
      ['basket', second],
      ['copy', second],
    ] as const) {
      await pannier(`volume undelete ${name}`);
      t.equal(await letter(name), bytes, `${name} is back`);
      await pannier(`volume delete ${name}`);
      await pannier(`volume trash delete -auto-approve ${name}`);
    }
  }
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
