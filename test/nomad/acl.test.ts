import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { packageRoot } from '../../src/cli/package.js';
import { pannier } from '../cli/pannier.js';
import { ended, running } from '../lab/nomad/allocations.js';
import type { NomadUser } from '../lab/nomad/user.js';
import { consumerJob, HOLD } from './consumer.js';
import { PLUGIN, startSite } from './site.js';
import { createVolume, readVolume, unclaimed, volumeSpec } from './volumes.js';

const GUIDE = join(packageRoot(), 'docs', 'guides', 'policies-on-nomad.md');

/** Does something as somebody. Answers what was said where it was refused, and nothing where it was not. */
type Step = (who: NomadUser) => Promise<string>;

/** Of an answer: why it is missing. */
interface Part {
  readonly problem: string | null;
}

const site = await startSite({ acl: true });
const { nomad } = site;

/** The policy below a heading of the guide. */
function policyOf(heading: string): string {
  const [, after = ''] = readFileSync(GUIDE, 'utf8').split(`\n## ${heading}\n`);
  const [, code = ''] = /```hcl\n(.*?)```/s.exec(after) ?? [];
  if (code === '') throw new Error(`the guide has no policy below "${heading}"`);
  return code;
}

/** A policy with each of its rules taken away in turn, by what was taken. */
function lesser(policy: string): ReadonlyArray<readonly [string, string]> {
  const capabilities = [...policy.matchAll(/"([a-z]+-[a-z-]+)"(?:, )?/g)].map(
    ([text, name = '']) => [name, policy.replace(text, '')] as const,
  );
  const blocks = [...policy.matchAll(/^( *)(plugin|node|agent|variables) \{.*?^\1\}\n/gms)].map(
    ([text, , name = '']) => [name, policy.replace(text, '')] as const,
  );
  return [...capabilities, ...blocks];
}

let tokens = 0;
async function userWith(Rules: string): Promise<NomadUser> {
  const Name = `policy-${++tokens}`;
  await nomad.put(`/v1/acl/policy/${Name}`, { Name, Rules });
  const body = { Name, Type: 'client', Policies: [Name] };
  return nomad.as((await nomad.put<{ SecretID: string }>('/v1/acl/token', body)).SecretID);
}

/** Our own command line, which must succeed or name what is missing. */
function ours(line: string): Step {
  return async ({ token = '' }) => {
    const env = { NOMAD_ADDR: `http://${nomad.client.agent.address}`, NOMAD_TOKEN: token };
    const { code, stderr } = await pannier(line.split(' '), { env });
    return code === 0 ? '' : stderr;
  };
}

/** The same where what may not be read is a part of the answer. */
function looking(line: string, partsOf: (data: never) => readonly Part[]): Step {
  return async ({ token = '' }) => {
    const env = { NOMAD_ADDR: `http://${nomad.client.agent.address}`, NOMAD_TOKEN: token };
    const { stdout, stderr } = await pannier(line.split(' '), { env });
    if (stdout === '') return stderr;
    return partsOf(JSON.parse(stdout) as never)
      .flatMap(({ problem }) => problem ?? [])
      .join('\n');
  };
}

function theirs(...args: string[]): Step {
  return (who) => refusal(who.cli(...args));
}

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => '',
    (error: Error & { stderr?: string }) => error.stderr ?? error.message,
  );
}

/** Where it is refused by our command line, that names what is missing. */
async function isTheLeast(
  t: Test,
  heading: string,
  steps: readonly Step[],
  undo: () => Promise<unknown>,
): Promise<void> {
  const policy = policyOf(heading);
  const allowed = await userWith(policy);
  for (const step of steps) t.equal(await step(allowed), '', 'it is enough');
  await undo();
  for (const [what, less] of lesser(policy)) {
    const who = await userWith(less);
    let said = '';
    for (const step of steps) if (said === '') said = await step(who);
    t.match(
      said,
      /Permission denied/.test(said) ? /Permission denied/ : what,
      `not without ${what}`,
    );
    t.notMatch(said, who.token, 'the token is not shown');
    await undo();
  }
}

const spec = site.file('mine.volume.hcl', volumeSpec({ id: 'mine' }));
const job = consumerJob({ id: 'user', script: HOLD, volumes: { data: { source: 'used' } } });
await createVolume(site, 'used');

t.test('who makes and deletes volumes', async (t) => {
  const steps = [
    ours(`volume create ${spec}`),
    ours('volume status mine'),
    ours(`volume plan ${spec}`),
    ours('volume snapshot create mine before'),
    ours('snapshot list'),
    ours('snapshot delete before'),
    theirs('volume', 'create', spec),
    ours('volume delete mine'),
  ];
  const gone = () => refusal(nomad.cli('volume', 'delete', 'mine'));
  await isTheLeast(t, 'Make and delete volumes', steps, gone);
});

t.test('who uses volumes in jobs', async (t) => {
  const steps = [(who: NomadUser) => refusal(who.runJob(job)), theirs('job', 'status', 'user')];
  const stop = async () => {
    await refusal(nomad.cli('job', 'stop', '-purge', '-detach', 'user'));
    await ended(nomad, 'user');
    await unclaimed(nomad, 'used');
  };
  await isTheLeast(t, 'Use volumes in jobs', steps, stop);
});

t.test('who looks', async (t) => {
  await nomad.runJob(job);
  await running(nomad, 'user');
  const inspect = looking(
    'volume inspect -json used',
    ({ sources, nomad }: { sources: Part[]; nomad: { gaps: Part[] } | null }) => [
      ...sources,
      ...(nomad?.gaps ?? []),
    ],
  );
  const steps = [ours('volume status used'), ours(`plugin status ${PLUGIN}`), inspect];
  await isTheLeast(t, 'Look at volumes', steps, async () => undefined);
  const check = looking('nomad check -json', ({ gaps }: { gaps: Part[] }) => gaps);
  await isTheLeast(t, 'Check the cluster', [check], async () => undefined);
});

t.test('who runs the plugin', async (t) => {
  const plugin = (who: NomadUser) => refusal(site.runPlugin(nomad.client, '2', who));
  const key = theirs('var', 'put', '-force', '-out=none', 'nomad/jobs/pannier', 'key=x');
  const status = theirs('job', 'status', site.jobOf(nomad.client));
  const steps = [key, plugin, status, theirs('plugin', 'status')];
  await isTheLeast(t, 'Run the plugin', steps, async () => undefined);
  await site.healthy();
  t.ok(await readVolume(nomad, 'used'), 'and what there is goes on');
});
