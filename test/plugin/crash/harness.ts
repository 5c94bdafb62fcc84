import type { MessageInitShape } from '@bufbuild/protobuf';
import t, { type Test } from 'tap';
import {
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapabilitySchema,
} from '../../../src/proto/csi/v1/csi_pb.js';
import type { EffectName } from '../../../src/volume/effects.js';
import { atOnce } from '../../lab/at-once.js';
import { type LabCeph, startCeph } from '../../lab/ceph.js';
import { Contents } from '../../lab/content.js';
import { NOTHING, whatIsLeft } from '../../lab/nothing-left.js';
import { codeOf, type LabPlugin, startPlugin } from '../../lab/plugin.js';

export const BLOCK: MessageInitShape<typeof VolumeCapabilitySchema> = {
  accessMode: { mode: Mode.SINGLE_NODE_WRITER },
  accessType: { case: 'block', value: {} },
};

/** How many scenarios go on at once: most of each is spent waiting. */
const JOBS = 4;

/** Where one scenario happens. */
export interface Scene {
  readonly ceph: LabCeph;
  /** A second pool. */
  readonly otherPool: string;
  readonly contents: Contents;
  /** A word that no other scene has. */
  readonly name: string;
  /** A controller that runs all along. It does the background work. */
  readonly keeper: LabPlugin;
  /** Settings that all controllers of the file have. */
  readonly env: NodeJS.ProcessEnv;
}

/** A call that a crash cuts short, and what is around it. */
export interface Scenario {
  /** What is there before. */
  prepare?(): Promise<unknown>;
  call(plugin: LabPlugin): Promise<unknown>;
  /** What happens while the call stands still after an effect. */
  readonly meanwhile?: { readonly after: EffectName; readonly act: () => Promise<unknown> };
  /** What happens between the crash and the call that is sent again. */
  between?(): Promise<unknown>;
  /** The code of the call that is sent again; OK where none is told. */
  readonly answers?: string | RegExp;
  /** Fails where the call that is sent again did not do what it answers. */
  check?(t: Test, title: string): Promise<unknown>;
  /** Takes away all that there is by then. */
  clean(): Promise<unknown>;
}

export type MakeScenario = (scene: Scene) => Scenario;
/** For each effect the scenarios in which the plugin is killed after it. */
export type Table<E extends EffectName> = Readonly<
  Record<E, readonly [MakeScenario, ...MakeScenario[]]>
>;

/** Has a controller that dies after an effect begin a call. */
export async function leaveUnfinished(
  { ceph, env }: Pick<Scene, 'ceph' | 'env'>,
  crashAfter: EffectName,
  call: (plugin: LabPlugin) => Promise<unknown>,
): Promise<LabPlugin> {
  const plugin = await startPlugin({
    ...{ clusters: [ceph.settings], mode: 'controller', crashAfter, env },
  });
  await mustDie(plugin, call(plugin));
  return plugin;
}

async function mustDie(plugin: LabPlugin, call: Promise<unknown>): Promise<void> {
  const code = await codeOf(call);
  if (code !== 'UNAVAILABLE') throw new Error(`it did not die, and answered ${code}`);
  const ended = await plugin.ended;
  if (ended !== 'SIGKILL') throw new Error(`it ended with ${ended}: ${plugin.stderr}`);
}

/**
 * Kills a controller after each effect in each scenario of the table, and sends the call again: once to the same
 * controller, started again, and once to one that ran all along.
 */
export function testCrashes<E extends EffectName>(
  title: string,
  table: Table<E>,
  env: NodeJS.ProcessEnv = {},
): void {
  t.test(`${title}: kill -9 after any effect, then the same call again`, async (t) => {
    const ceph = await startCeph();
    const otherPool = await ceph.freshPool();
    const contents = new Contents(ceph);
    const start = { clusters: [ceph.settings], mode: 'controller', env } as const;
    const keeper = await startPlugin(start);
    await keeper.worksInBackground();
    const entries = Object.entries(table) as Array<[E, readonly MakeScenario[]]>;
    const points = entries.flatMap(([effect, scenarios]) =>
      scenarios.flatMap((make) =>
        ['restarted', 'another'].map((which) => ({ effect, make, which })),
      ),
    );
    await atOnce(JOBS, points, async ({ effect, make, which }, index) => {
      const title = `${effect} in ${make.name}, then ${which}`;
      const scene = { ceph, otherPool, contents, name: `c${index}`, keeper, env };
      const victimOf = (pauseAfter?: EffectName) =>
        startPlugin({ ...start, crashAfter: effect, pauseAfter });
      const nextOf = (folder: string) =>
        which === 'another' ? Promise.resolve(keeper) : startPlugin({ ...start, folder });
      try {
        await crash(t, title, make(scene), victimOf, nextOf);
      } catch (error) {
        t.fail(title, { cause: String(error) });
      }
    });
    t.same(await whatIsLeft(ceph, keeper.folder, [otherPool]), NOTHING, 'nothing is left');
    t.same((await keeper.admin.examine({})).findings, [], 'and a doctor finds nothing');
    t.equal(await keeper.stop(), 0);
  });
}

/** One crash in one scenario, and the call sent again. */
async function crash(
  t: Test,
  title: string,
  scenario: Scenario,
  victimOf: (pauseAfter?: EffectName) => Promise<LabPlugin>,
  nextOf: (folder: string) => Promise<LabPlugin>,
): Promise<void> {
  await scenario.prepare?.();
  const { meanwhile } = scenario;
  const victim = await victimOf(meanwhile?.after);
  const ending = mustDie(victim, scenario.call(victim));
  if (meanwhile !== undefined) {
    await victim.paused();
    await meanwhile.act();
    victim.goOn();
  }
  await ending;
  await scenario.between?.();
  const next = await nextOf(victim.folder);
  t.match(await codeOf(scenario.call(next)), scenario.answers ?? 'OK', `${title}: its answer`);
  await scenario.check?.(t, title);
  await scenario.clean();
  if (next.folder === victim.folder) t.equal(await next.stop(), 0, `${title}: it ends well`);
}
