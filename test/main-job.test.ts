import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { startCeph } from './lab/ceph.js';
import { NOTHING, whatIsLeft } from './lab/nothing-left.js';
import { pannierProgram, startPlugin } from './lab/plugin.js';

const GIB = 1 << 30;
const LIMIT_MS = 60_000;

/** Size and name of the image behind a volume, as `rbd` tells them. */
interface RbdInfo {
  readonly name: string;
  readonly size: number;
}

t.test(
  'an HCL specification becomes a mounted volume with bytes in it, through the CLI alone',
  async (t) => {
    const ceph = await startCeph();
    const plugin = await startPlugin({ clusters: [ceph.settings] });
    const { folder } = plugin;
    const [node, program] = pannierProgram();
    const env = { ...process.env, PANNIER_ENDPOINT: plugin.endpoint };
    const pannier = async (...args: string[]): Promise<string> =>
      (await promisify(execFile)(node, [program, ...args], { env, timeout: LIMIT_MS })).stdout;

    const spec = join(folder, 'volume.hcl');
    writeFileSync(
      spec,
      `# As nomad volume create reads it.
id = "basket"
name = "basket"
type = "csi"
plugin_id = "pannier"
capacity_min = "1GiB"
capability {
  access_mode = "single-node-writer"
  attachment_mode = "file-system"
}
mount_options { fs_type = "xfs" }
secrets { unused = "hush-hush" }
`,
    );
    t.match(await pannier('volume', 'validate', spec), 'valid');
    const plan = await pannier('volume', 'plan', '-json', spec);
    const request = { name: 'basket', capacity_range: { required_bytes: GIB } };
    t.match(JSON.parse(plan), [{ action: 'create', requests: [{ request }] }]);
    t.notMatch(plan, 'hush-hush', 'a plan shows no secret');
    writeFileSync(spec, readFileSync(spec, 'utf8').replace(/^secrets.*\n/m, ''));

    const created = JSON.parse(await pannier('volume', 'create', '-json', spec)) as { id: string };
    const again = JSON.parse(await pannier('volume', 'create', '-json', spec)) as { id: string };
    t.equal(again.id, created.id, 'the same again is the same volume');
    const image = created.id.split('/').at(-1) ?? '';
    const info = async () =>
      JSON.parse(await ceph.rbd('info', '--format=json', `${ceph.pool}/${image}`)) as RbdInfo;
    t.match(await info(), { name: image, size: GIB });

    const path = join(folder, 'data');
    await pannier('volume', 'mount', '-fs-type=xfs', created.id, path);
    const bytes = randomBytes(8 << 20);
    const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex');
    writeFileSync(join(path, 'letter'), bytes, { flush: true });

    await pannier('volume', 'expand', created.id, '2GiB');
    t.equal((await info()).size, 2 * GIB, 'Ceph has the new size');
    const { blocks, bsize } = statfsSync(path);
    t.ok(blocks * bsize > 1.8 * GIB, 'the mounted file system has it too');
    t.match(JSON.parse(await pannier('volume', 'status', '-json', created.id)), {
      id: created.id,
      name: 'basket',
    });
    t.equal(digest(readFileSync(join(path, 'letter'))), digest(bytes), 'while mounted');

    await pannier('volume', 'unmount', path);
    t.throws(() => readFileSync(join(path, 'letter')), { code: 'ENOENT' });
    await pannier('volume', 'mount', created.id, path);
    t.equal(digest(readFileSync(join(path, 'letter'))), digest(bytes), 'mounted again');

    await t.rejects(pannier('volume', 'delete', created.id), /in use/, 'not while it is mounted');
    t.equal(
      digest(readFileSync(join(path, 'letter'))),
      digest(bytes),
      'and nothing happened to it',
    );
    await t.rejects(
      pannier('volume', 'unmount', '-node=nobody', created.id),
      /not published on node/,
    );
    await pannier('volume', 'unmount', '-node=lab-node', created.id);
    t.match(
      JSON.parse(await pannier('volume', 'status', '-json', created.id)),
      { nodes: [] },
      'a lost node is freed',
    );
    await pannier('volume', 'unmount', path);
    await pannier('volume', 'delete', created.id);
    t.same(JSON.parse(await pannier('volume', 'status', '-json')), []);
    t.same(await whatIsLeft(ceph, folder), NOTHING);
  },
);
