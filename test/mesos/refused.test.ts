import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { checkFiles } from '../../src/mesos/files/check.js';
import { diagnosticLine } from '../../src/spec/render.js';
import type { AgentFiles } from '../lab/mesos/flags.js';
import { startMesos } from '../lab/mesos.js';

const mesos = await startMesos();
const LIMIT_MS = 60_000;

const command = { value: 'exec sleep 1000' };
const provider = (name: string, ...services: readonly string[]) => ({
  type: 'org.apache.mesos.rp.local.storage',
  name,
  storage: { plugin: { type: 'csi.x', name: 'x', containers: [{ services, command }] } },
});
const both = ['CONTROLLER_SERVICE', 'NODE_SERVICE'];

/** What is told of a file, and the agent's own words where it ends or refuses it. */
const CASES: ReadonlyArray<readonly [string, AgentFiles, 'ends' | 'refuses', RegExp, RegExp]> = [
  [
    'a provider without a controller',
    { providers: { 'x.json': provider('x', 'NODE_SERVICE') } },
    'ends',
    /The whole agent ends/,
    /Check failed/,
  ],
  [
    'a plugin of nothing',
    { csiPlugins: { 'x.json': { type: 'csi.x' } } },
    'ends',
    /The whole agent ends/,
    /Check failed/,
  ],
  [
    'a dash in a name',
    { providers: { 'x.json': provider('x-y', ...both) } },
    'refuses',
    /Mesos refuses "x-y"/,
    /'x-y' does not follow Java package naming convention/,
  ],
];

for (const [name, files, outcome, told, logged] of CASES)
  t.test(`${name}: what is told is what an agent does`, async (t) => {
    const documents = Object.entries({ ...files.providers, ...files.csiPlugins });
    const { diagnostics } = checkFiles(
      documents.map(([path, document]) => ({ path, text: JSON.stringify(document) })),
      undefined,
    );
    t.match(diagnostics.map(diagnosticLine).join('\n'), told);
    const agent = await mesos.newAgent();
    agent.configure(files);
    void agent.start().catch(() => {});
    const { daemon } = agent;
    for (const limit = Date.now() + LIMIT_MS; ; await sleep(100)) {
      if (outcome === 'ends' ? !daemon.runs : logged.test(daemon.log)) break;
      if (Date.now() > limit) throw new Error(daemon.log);
    }
    t.match(daemon.log, logged);
    await agent.kill();
  });
