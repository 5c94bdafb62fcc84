import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { run } from '../../src/dev/run.js';
import { EFFECTS } from '../../src/volume/effects.js';
import { PUBLISHED_KEY } from '../../src/volume/marks.js';
import { specOf } from '../lab/bytes.js';
import { startCeph } from '../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { type LabPlugin, type PluginOptions, pannierProgram, startPlugin } from '../lab/plugin.js';
import { createVolume, MIB, mountAs, refused } from './refusal.js';

// What an orchestrator leaves that unstages a volume and unpublishes it never, as Nomad does while a controller of the
// plugin is away.

const LIMIT_MS = 60_000;
/** Longer than a node waits for ControllerUnpublishVolume. */
const PASSED_MS = 20_000;
const SAID = 'nobody took the publication of an unstaged volume back: others may have it';

const ceph = await startCeph();
const startNode = (nodeId: string, more: Partial<PluginOptions> = {}) =>
  startPlugin({ clusters: [ceph.settings], nodeId, ...more });
const [one, two] = await Promise.all([startNode('node-1'), startNode('node-2')]);

const folders = [one.folder, two.folder];

/** A volume that node-1 has staged, and unstaged. */
class Use {
  private constructor(readonly volumeId: string) {}

  static async begin(name: string, plugin = one): Promise<Use> {
    const use = new Use(await createVolume(plugin, name, 64n * MIB));
    await use.publish(plugin, 'node-1');
    await use.stage(plugin);
    await use.unstage(plugin);
    return use;
  }

  publish({ controller }: LabPlugin, nodeId: string): Promise<unknown> {
    const { volumeId } = this;
    return controller.controllerPublishVolume({ volumeId, nodeId, volumeCapability: mountAs() });
  }

  async stage({ node, folder }: LabPlugin, fsType = ''): Promise<void> {
    const { volumeId } = this;
    const stagingTargetPath = this.#staging(folder);
    mkdirSync(stagingTargetPath, { recursive: true });
    await node.nodeStageVolume({ volumeId, stagingTargetPath, volumeCapability: mountAs(fsType) });
  }

  async unstage({ node, folder }: LabPlugin): Promise<void> {
    const { volumeId } = this;
    await node.nodeUnstageVolume({ volumeId, stagingTargetPath: this.#staging(folder) });
  }

  async unpublish({ controller }: LabPlugin, nodeId = ''): Promise<void> {
    await controller.controllerUnpublishVolume({ volumeId: this.volumeId, nodeId });
  }

  async delete({ controller }: LabPlugin): Promise<void> {
    await controller.deleteVolume({ volumeId: this.volumeId });
  }

  said(plugin: LabPlugin): Promise<unknown> {
    return plugin.logged(({ msg, volume }) => msg === SAID && volume === this.volumeId, LIMIT_MS);
  }

  async published(): Promise<string> {
    return ceph.rbd('image-meta', 'get', specOf(this.volumeId), PUBLISHED_KEY).catch(() => '');
  }

  #staging(folder: string): string {
    return join(folder, 'staging', this.volumeId.replaceAll('/', '-'));
  }
}

/** What `pannier volume inspect` tells of a volume. */
async function inspected({ volumeId }: Use) {
  const [node, program] = pannierProgram();
  const args = [program, 'volume', 'inspect', '-json', `-endpoint=${two.endpoint}`, volumeId];
  return JSON.parse(await run(node, args));
}

// Most of each is spent waiting.
t.jobs = 8;

t.test('another node gets what was unstaged, and the first one not any more', async (t) => {
  const use = await Use.begin('moves');
  await refused(t, use.publish(two, 'node-2'), 'FAILED_PRECONDITION', '"node-1"');
  await refused(t, use.delete(two), 'FAILED_PRECONDITION', '"node-1"');
  await use.said(one);
  t.match((await inspected(use)).image.published, { 'node-1': { unstaged: true } });
  await use.publish(two, 'node-2');
  await refused(t, use.stage(one), 'FAILED_PRECONDITION', '"node-2"');
  await refused(t, use.publish(one, 'node-1'), 'FAILED_PRECONDITION', '"node-2"');
  await use.stage(two);
  await use.unstage(two);
  await use.unpublish(two, 'node-2');
  // It is still published to the first one, which may have it back, and no other one then.
  await use.stage(one);
  await refused(t, use.publish(two, 'node-2'), 'FAILED_PRECONDITION', '"node-1"');
  await use.unstage(one);
  await use.unpublish(one, 'node-1');
  await use.publish(one, 'node-1');
  await use.stage(one);
  await use.unstage(one);
  await use.unpublish(one, 'node-1');
  await use.delete(one);
});

t.test('it is deleted', async (t) => {
  const use = await Use.begin('goes');
  await use.said(one);
  await t.resolves(use.delete(two));
});

t.test('where the first node stages it again, it has it as before', async (t) => {
  for (const anew of [false, true]) {
    const use = await Use.begin(anew ? 'published-anew' : 'staged-anew');
    await use.said(one);
    if (anew) await use.publish(one, 'node-1');
    await use.stage(one);
    await refused(t, use.publish(two, 'node-2'), 'FAILED_PRECONDITION', '"node-1"');
    await use.unstage(one);
    await use.unpublish(one);
    await use.delete(one);
  }
});

t.test('a stage that fails gives it up once more', async (t) => {
  const use = await Use.begin('fails');
  await use.said(one);
  await refused(t, use.stage(one, 'xfs'), 'FAILED_PRECONDITION', 'ext4');
  t.notMatch(await use.published(), 'unstaged');
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(500))
    if ((await use.published()).includes('unstaged')) break;
  t.match(await use.published(), 'unstaged');
  await use.delete(two);
});

t.test('what is staged again at once, or unpublished, is not told of', async (t) => {
  const [again, taken] = await Promise.all([Use.begin('again'), Use.begin('taken')]);
  await again.stage(one);
  await taken.unpublish(one);
  await sleep(PASSED_MS);
  t.notMatch(await again.published(), 'unstaged');
  t.equal(await taken.published(), '');
  await refused(t, again.publish(two, 'node-2'), 'FAILED_PRECONDITION', '"node-1"');
  await again.unstage(one);
  await again.unpublish(one);
  await Promise.all([again.delete(one), taken.delete(one)]);
});

t.test('a plugin that was killed before it said so says so when it is back', async (t) => {
  const first = await startNode('node-1');
  const use = await Use.begin('remembered', first);
  await first.stop('SIGKILL');
  const { folder } = first;
  folders.push(folder);
  await refused(t, use.publish(two, 'node-2'), 'FAILED_PRECONDITION', '"node-1"');
  await use.said(await startNode('node-1', { folder }));
  await use.publish(two, 'node-2');
  await use.unpublish(two);
  await t.resolves(use.delete(two));
});

for (const effect of EFFECTS.vacate)
  t.test(`kill -9 after ${effect}: another node gets it`, async (t) => {
    const plugin = await startNode('node-1', { crashAfter: `vacate/${effect}` });
    const { folder } = plugin;
    folders.push(folder);
    await plugin.registered();
    const use = await Use.begin(effect, plugin);
    t.equal(await plugin.ended, 'SIGKILL');
    await use.publish(two, 'node-2');
    await startNode('node-1', { folder });
    await use.unpublish(two);
    await t.resolves(use.delete(two));
  });

t.test('nothing is left', { buffered: false }, async (t) => {
  for (const folder of folders) {
    t.same(await whatIsLeft(ceph, folder), NOTHING);
    const remembered = join(folder, 'state', 'vacated');
    for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(100))
      if (readdirSync(remembered).length === 0) break;
    t.same(readdirSync(remembered), []);
  }
});
