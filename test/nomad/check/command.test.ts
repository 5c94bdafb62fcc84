import t from 'tap';
import { pannier } from '../../cli/pannier.js';
import { type Reply, standIn } from '../stand-in.js';

const DOCUMENTS: Readonly<Record<string, unknown>> = {
  '/v1/plugins': [],
  '/v1/nodes': [{ ID: 'node-a', Name: 'a', Status: 'ready', Version: '1.2.6' }],
};

t.test('what a token may not read is not checked, and said', async (t) => {
  const { address } = await standIn(t, ({ path }): Reply => {
    const body = DOCUMENTS[path];
    return body === undefined ? { status: 403, body: 'Permission denied' } : { body };
  });
  const { code, stdout } = await pannier(['nomad', 'check', '-json', `-address=${address}`]);
  t.equal(code, 1, 'the client is too old');
  const { findings, gaps } = JSON.parse(stdout);
  t.match(findings[0], { severity: 'error', kind: 'version-too-old' });
  t.same(gaps.map(({ part }: { part: string }) => part).sort(), [
    'agent',
    'jobs',
    'servers',
    'volumes',
  ]);
  t.match(gaps[0].problem, /without a token/);
  const text = await pannier(['nomad', 'check', `-address=${address}`]);
  t.match(text.stdout, /^Severity = error\nKind {5}= version-too-old\nSubject {2}= client "a"\n/);
  t.match(text.stdout, /\nNot checked: jobs: /);
});

t.test('a cluster that cannot be read is no cluster with trouble', async (t) => {
  const none = await pannier(['nomad', 'check', '-json', '-address=http://127.0.0.1:1']);
  t.match(none, { code: 2, stdout: '' });
  t.match(JSON.parse(none.stderr).error, { code: 'UNREACHABLE', exitCode: 2 });
  t.match(await pannier(['nomad', 'check', 'extra']), { code: 2, stdout: '' });
});
