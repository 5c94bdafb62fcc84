import { execFile } from 'node:child_process';
import t from 'tap';
import { nameKey } from '../../src/volume/name.js';
import { startCeph } from '../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { pannierProgram, startPlugin } from '../lab/plugin.js';
import { DAMAGES, Hands, within } from './damages.js';

interface Finding {
  readonly kind: string;
  readonly subject: string;
  readonly problem: string;
  readonly remedy: string | null;
  readonly fixed: boolean;
}

// A doctor looks through all pools, and other test files leave worse than accidents in theirs.
const ceph = await startCeph({ own: true });
const hands = new Hands(ceph, await startPlugin({ clusters: [ceph.settings], mode: 'controller' }));
const { folder, endpoint } = hands.plugin;
t.teardown(() => hands.close());

/** Runs `pannier doctor -json`, and answers its exit code and what it found. */
function doctor(...flags: string[]): Promise<{ code: number | null; findings: Finding[] }> {
  const [node, program] = pannierProgram();
  const args = [program, 'doctor', '-json', `-endpoint=${endpoint}`, ...flags];
  return new Promise((resolve, reject) => {
    const child = execFile(node, args, { timeout: 120_000 }, (error, stdout, stderr) => {
      if (stderr !== '') reject(new Error(stderr, { cause: error }));
      else resolve({ code: child.exitCode, findings: JSON.parse(stdout) as Finding[] });
    });
  });
}

const kindsOf = (findings: readonly Finding[]) => findings.map(({ kind }) => kind).sort();

async function deleteAll(): Promise<void> {
  const { controller } = hands.plugin;
  for (const { snapshot } of (await controller.listSnapshots({})).entries)
    await controller.deleteSnapshot({ snapshotId: snapshot?.snapshotId ?? '' });
  for (const { volume } of (await controller.listVolumes({})).entries)
    await controller.deleteVolume({ volumeId: volume?.volumeId ?? '' });
}

t.test('after a life without accidents a doctor finds nothing', async (t) => {
  const { controller } = hands.plugin;
  const source = await hands.create('source');
  const snapshotId = await hands.snap('first', source);
  const request = {
    capacityRange: { requiredBytes: 16n << 20n },
    volumeCapabilities: [
      { accessType: { case: 'block' as const, value: {} }, accessMode: { mode: 1 } },
    ],
  };
  for (const type of [
    { case: 'snapshot' as const, value: { snapshotId } },
    { case: 'volume' as const, value: { volumeId: source } },
  ])
    await controller.createVolume({ ...request, name: type.case, volumeContentSource: { type } });
  t.same(await doctor(), { code: 0, findings: [] }, 'while all of it is there');
  await controller.deleteVolume({ volumeId: source });
  t.same(await doctor(), { code: 0, findings: [] }, 'with a tombstone');
  await deleteAll();
  t.same(await doctor('-fix'), { code: 0, findings: [] }, 'right after it is deleted');
  t.same(await whatIsLeft(ceph, folder), NOTHING);
  t.same(await doctor(), { code: 0, findings: [] });
});

t.test('damage made by hand is found, named, and mended with -fix', async (t) => {
  await hands.stopWork();
  const isWell = new Map<string, () => Promise<boolean>>();
  for (const [kind, damage] of Object.entries(DAMAGES)) isWell.set(kind, await damage(hands, kind));
  const kinds = Object.keys(DAMAGES).sort();

  const found = await doctor();
  t.same(kindsOf(found.findings), kinds, 'each is found once, and nothing else');
  t.equal(found.code, 1);
  for (const { kind, subject, problem, remedy, fixed } of found.findings) {
    t.notOk(fixed);
    t.ok(remedy, `${kind}: what would be done`);
    const named = `${subject} ${problem}`;
    const words = [nameKey(kind), `"${kind}"`];
    t.ok(
      words.some((word) => named.includes(word)),
      `${kind} is named: ${named}`,
    );
  }
  t.same(kindsOf((await doctor()).findings), kinds, 'a look changes nothing');

  const mended = await doctor('-fix');
  t.equal(mended.code, 0);
  t.ok(kinds.every((kind) => kindsOf(mended.findings).includes(kind)));
  t.same(
    mended.findings.filter(({ fixed }) => !fixed),
    [],
  );
  await hands.goOn();
  t.ok(
    await within(async () => (await doctor()).findings.length === 0),
    'nothing is found any more',
  );
  for (const [kind, well] of isWell) t.ok(await well(), `${kind}: all is well again`);
  await deleteAll();
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});

t.test('what only a person can tell is reported and left as it is', async (t) => {
  const id = await hands.create('replaced');
  await ceph.rbd('rm', '--no-progress', hands.spec(id));
  await ceph.rbd('create', '--size=8M', hands.spec(id));
  await hands.setEntry('names', 'unreadable', '{"version":2}');
  const long = 'a name of more than twenty-four letters';
  const volume = await hands.create('snapped');
  const snapshot = await hands.snap(long, volume);
  await hands.removeEntry('snapshotNames', long);
  const left = ['record-differs', 'snapshot-without-entry', 'unreadable-entry'];
  for (const flags of [[], ['-fix']]) {
    const { code, findings } = await doctor(...flags);
    t.equal(code, 1);
    t.same(kindsOf(findings), left);
    t.ok(findings.every(({ remedy, fixed }) => remedy === null && !fixed));
  }
  t.match(await ceph.rbd('snap', 'ls', hands.spec(volume)), snapshot.split('@')[1]);
  await ceph.rbd('snap', 'rm', '--no-progress', hands.spec(snapshot));
  await ceph.rbd('rm', '--no-progress', hands.spec(id));
  await hands.removeEntry('names', 'unreadable');
  await doctor('-fix');
  t.same(await doctor(), { code: 0, findings: [] });
  await deleteAll();
  t.same(await whatIsLeft(ceph, folder), NOTHING);
});
