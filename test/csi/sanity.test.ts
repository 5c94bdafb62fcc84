import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startCeph } from '../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { startPlugin } from '../lab/plugin.js';
import { goTool } from '../tools/build.js';

const LIMIT_MS = 400_000;

/**
 * What csi-sanity may skip: capabilities that Pannier does not have yet, and the attach limit, since a node's
 * volumes are not limited. Anything else that is skipped fails.
 */
const LATER = /group|modify|health|SNAPSHOT_ACCESSIBILITY_CONSTRAINTS|testnodevolumeattachlimit/i;

interface Spec {
  readonly LeafNodeText: string;
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly LeafNodeType: string;
  readonly State: string;
  readonly Failure?: { readonly Message: string };
}

async function sanity(folder: string, flags: readonly string[]): Promise<Spec[]> {
  const report = join(folder, 'report.json');
  const program = await goTool('csi-sanity');
  const child = spawn(program, [...flags, `--ginkgo.json-report=${report}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  await new Promise((resolve) => child.once('close', resolve));
  try {
    const [suite] = JSON.parse(readFileSync(report, 'utf8')) as { SpecReports: Spec[] }[];
    return (suite?.SpecReports ?? []).filter(({ LeafNodeType }) => LeafNodeType === 'It');
  } catch (error) {
    throw new Error(`csi-sanity made no report: ${output.slice(-2000)}`, { cause: error });
  }
}

for (const access of ['mount', 'block'] as const)
  t.test(`csi-sanity passes against real Ceph, ${access} volumes`, async (t) => {
    const ceph = await startCeph();
    const plugin = await startPlugin({ clusters: [ceph.settings] });
    const { folder } = plugin;
    const parameters = join(folder, 'parameters.yaml');
    writeFileSync(parameters, `pool: ${ceph.pool}\n`);
    const paths = ['mount', 'staging'].map((name) => join(folder, name));
    const [mount, staging] = paths;
    const specs = await sanity(folder, [
      `--csi.endpoint=${plugin.endpoint}`,
      `--csi.mountdir=${mount}`,
      `--csi.stagingdir=${staging}`,
      `--csi.testvolumeaccesstype=${access}`,
      `--csi.testvolumesize=${64 << 20}`,
      `--csi.testvolumeexpandsize=${96 << 20}`,
      `--csi.testvolumeparameters=${parameters}`,
    ]);
    const name = (spec: Spec) =>
      [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText].join(' ');
    t.ok(specs.length > 90, `${specs.length} specs`);
    for (const spec of specs) {
      if (spec.State === 'pending') continue; // csi-sanity itself has put it off.
      if (spec.State === 'passed') t.pass(name(spec));
      else if (spec.State === 'failed')
        t.fail(`${name(spec)}: ${spec.Failure?.Message ?? spec.State}`);
      else
        t.match(
          `${name(spec)}: ${spec.Failure?.Message}`,
          LATER,
          `${spec.State} because of a capability that comes later`,
        );
    }
    t.same(await whatIsLeft(ceph, folder), NOTHING);
    t.equal(await plugin.stop(), 0);
    for (const path of paths) {
      mkdirSync(path, { recursive: true });
      rmSync(path, { recursive: true });
    }
  });
