import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { packageRoot } from '../../src/cli/package.js';
import { BINARY } from '../cli/pannier.js';
import { specOf } from '../lab/bytes.js';
import { cutPower } from '../lab/leftovers.js';
import { allocationsOf, running } from '../lab/nomad/allocations.js';
import type { LabClient } from '../lab/nomad.js';
import { consumerJob, HOLD } from '../nomad/consumer.js';
import { startSite } from '../nomad/site.js';
import { readVolume, volumeSpec } from '../nomad/volumes.js';

const GUIDE = join(packageRoot(), 'docs', 'guides', 'recover-from-a-dead-node.md');
const LIMIT_MS = 120_000;
const END = 'end of the block';
const MOST_SAID = 3000;

/** Counts in a file, what is counted synchronised, and ends where it cannot. */
const COUNT =
  'i=$(cat /data/count || echo 0); while :; do i=$((i+1)); echo $i >/data/count.new && sync /data/count.new && mv /data/count.new /data/count && sync /data || exit 1; sleep 0.1; done';

/** Has a job on a client as long as that is there. */
const affinity = ({ name }: LabClient) =>
  `affinity {\n  attribute = "\${node.unique.name}"\n  value = "${name}"\n}`;

/** The commands of each of the guide's sections that has some. */
function sections(): ReadonlyMap<string, string> {
  const all = readFileSync(GUIDE, 'utf8').split(/^## /m);
  const commands = (text: string) =>
    [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  return new Map(
    all.flatMap((text) => {
      const blocks = commands(text);
      const [title = ''] = text.split('\n');
      return blocks.map((block, at) => [`${title}${at === 0 ? '' : ` ${at + 1}`}`, block] as const);
    }),
  );
}

/** A shell that runs one block after the other, and answers what it printed; a command that fails ends it. */
function shell(env: NodeJS.ProcessEnv): (block: string) => Promise<string> {
  const child = spawn('sh', ['-eux'], { env, stdio: 'pipe', timeout: LIMIT_MS });
  t.teardown(() => child.kill('SIGKILL'));
  let [out, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  return async (block) => {
    out = '';
    child.stdin.write(`${block}\necho ${END}\n`);
    while (!out.endsWith(`${END}\n`)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the shell ended: ${said.slice(-MOST_SAID)}\n${out.slice(-MOST_SAID)}`);
      await sleep(50);
    }
    return out.slice(0, -END.length - 1);
  };
}

t.test('the guide, word for word, with a machine that is out of sight and writes', async (t) => {
  const site = await startSite({ clients: 2, apart: true });
  const { nomad, ceph } = site;
  const [alive, dead] = nomad.clients as [LabClient, LabClient];
  const address = site.machine?.address;
  await nomad.cli('volume', 'create', site.file('orders.hcl', volumeSpec({ id: 'orders' })));
  const volumes = { data: { source: 'orders' } };
  const preferred = affinity(dead);
  await nomad.runJob(consumerJob({ id: 'orders', script: COUNT, volumes, group: preferred }));
  await nomad.cli('volume', 'create', site.file('notes.hcl', volumeSpec({ id: 'notes' })));
  const notes = { data: { source: 'notes' } };
  await nomad.runJob(consumerJob({ id: 'notes', script: HOLD, volumes: notes, on: dead.name }));
  await running(nomad, 'notes');
  const [first] = await running(nomad, 'orders', { node: dead.nodeId });
  if (first === undefined) throw new Error('nothing runs');
  const counted = (client: LabClient, allocation: typeof first) => {
    try {
      return Number(readFileSync(join(site.target(client, allocation, 'orders'), 'count'), 'utf8'));
    } catch {
      return 0;
    }
  };
  while (counted(dead, first) < 5) await sleep(100);
  await dead.kill();
  await nomad.until<{ Status: string }>(
    `/v1/node/${dead.nodeId}`,
    ({ Status }) => Status === 'down',
  );
  const before = counted(dead, first);
  t.ok(before >= 5);

  const programs = join(site.folder, 'bin');
  mkdirSync(programs);
  symlinkSync(BINARY, join(programs, 'pannier'));
  const run = shell({
    ...nomad.env,
    NOMAD_ADDR: `http://${alive.agent.address}`,
    PATH: `${programs}:${dirname(process.execPath)}:${dirname(nomad.program)}:${process.env.PATH}`,
    CEPH_ARGS: `--conf=${ceph.conf} --id=admin`,
    ...{ NODE: dead.name, VOLUME: 'orders', JOB: 'orders', NODES: '2' },
  });
  const blocks = sections();
  t.same(
    [...blocks.keys()],
    [
      ...['Look', 'Look 2', 'Keep the machine from Ceph'],
      ...['Have the volume moved', 'Have the volume moved 2', 'Have the volume moved 3'],
      ...['Bring the machine back', 'Bring the machine back 2'],
    ],
  );
  const of = (title: string) => run(blocks.get(title) ?? '');
  let page = await of('Look');
  t.match(page, new RegExp(`! watcher-on-lost-node .*client ${address}:0/`));
  t.match(page, new RegExp(`\\$ ceph osd blocklist add ${address}:0/\\d+ 86400`));
  await of('Look 2');
  t.ok(counted(dead, first) > before, 'it still writes');
  const [waiting] = (await allocationsOf(nomad, 'orders')).filter(({ ID }) => ID !== first.ID);
  t.equal(waiting?.ClientStatus, 'pending', 'and nobody else has the volume meanwhile');

  const command =
    '{{range .inconsistencies}}{{if eq .kind "watcher-on-lost-node"}}{{.command}}{{"\\n"}}{{end}}{{end}}';
  await run(`pannier volume inspect -t '${command}' notes | sh -x`);
  const watchers = async (id: string) =>
    ceph.rbd('status', specOf((await readVolume(nomad, id)).ExternalID));
  while (!/Watchers: none/.test(await watchers('notes'))) await sleep(500);
  // It may run there alone, and would come back with the machine.
  await nomad.cli('job', 'stop', '-detach', '-purge', 'notes');
  t.match(await watchers('orders'), /watcher=/, 'what inspection gives is for one client alone');

  await of('Keep the machine from Ceph');
  t.match(await ceph.ceph('osd', 'blocklist', 'ls'), `${address}:0/0`);
  await of('Have the volume moved');
  await of('Have the volume moved 2');
  page = await of('Have the volume moved 3');
  t.notMatch(page, /watcher-on-lost-node/);
  const [second] = await running(nomad, 'orders', { node: alive.nodeId });
  if (second === undefined) throw new Error('nothing runs');
  const from = counted(alive, second);
  t.ok(from > before, 'what was synchronised is there');

  await dead.cutPower();
  await cutPower(dirname(site.stateDir(dead)));
  await of('Bring the machine back');
  await dead.start();
  // By a system job, as a site has it, it would be there by itself.
  await site.runPlugin(dead);
  const checked = await of('Bring the machine back 2');
  t.notMatch(checked, /Severity = error/);
  t.same(site.mounts(dead), [], 'the machine is clean');
  t.ok(counted(alive, second) > from, 'and the job goes on where it is');
  const { ReadAllocs, WriteAllocs } = await readVolume(nomad, 'orders');
  t.same(Object.keys({ ...ReadAllocs, ...WriteAllocs }), [second.ID]);
  t.match(await run('pannier volume inspect $VOLUME'), /\nnone found\n$/);
});
