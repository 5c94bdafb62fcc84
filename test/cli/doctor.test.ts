import t, { type Test } from 'tap';
import { implement } from '../../src/csi/wire/adapter.js';
import { serve } from '../../src/csi/wire/server.js';
import { openLog } from '../../src/observe/log.js';
import { Admin } from '../../src/proto/pannier/admin/v1/admin_pb.js';
import { pannier, socketFolder } from './pannier.js';

const LEFT = {
  kind: 'record-differs',
  subject: 'image "c/rbd/one" of volume "one"',
  problem: 'somebody replaced it',
  remedy: '',
  fixed: false,
};
const ODD = {
  kind: 'entry-without-image',
  subject: 'entry "abc" in the index of volumes of cluster "c", volume "two"',
  problem: 'its image "c/rbd/two" does not exist',
  remedy: 'release the entry',
};

/** The command line against a plugin that has these findings, of which it mends what has a remedy. */
async function here(t: Test, findings: ReadonlyArray<Omit<typeof LEFT, 'fixed'>>) {
  const endpoint = `unix://${await socketFolder(t)}/csi.sock`;
  const service = implement(Admin, {
    examine: async ({ fix }) => ({
      findings: findings.map((finding) => ({ ...finding, fixed: fix && finding.remedy !== '' })),
    }),
  });
  const close = await serve(endpoint, [service], openLog('error'));
  t.teardown(() => close.close(0));
  return (...args: string[]) =>
    pannier(['doctor', ...args], { env: { PANNIER_ENDPOINT: endpoint } });
}

t.test('nothing found is 0', async (t) => {
  const run = await here(t, []);
  t.match(await run(), { code: 0, stdout: 'Nothing found\n', stderr: '' });
  t.match(await run('-json'), { code: 0, stdout: '[]\n', stderr: '' });
});

t.test('what is left to mend is 1, with -fix only what could not be mended', async (t) => {
  const run = await here(t, [ODD]);
  t.match(await run(), {
    code: 1,
    stderr: '',
    stdout: [
      'Kind    = entry-without-image',
      'Subject = entry "abc" in the index of volumes of cluster "c", volume "two"',
      'Problem = its image "c/rbd/two" does not exist',
      'Remedy  = release the entry',
      'Fixed   = no',
      '',
    ].join('\n'),
  });
  const fixed = await run('-fix');
  t.equal(fixed.code, 0);
  t.match(fixed.stdout, 'Fixed   = yes');
  const both = await here(t, [ODD, LEFT]);
  const rest = await both('-fix', '-json');
  t.equal(rest.code, 1);
  t.same(JSON.parse(rest.stdout), [
    { ...ODD, fixed: true },
    { ...LEFT, remedy: null },
  ]);
});

t.test('templates, and mistakes in the command line', async (t) => {
  const run = await here(t, [ODD, LEFT]);
  const kinds = await run('-t', '{{range .}}{{.kind}} {{.fixed}}{{"\\n"}}{{end}}');
  t.match(kinds, { code: 1, stdout: 'entry-without-image false\nrecord-differs false\n' });
  t.match(await run('extra'), { code: 2, stdout: '' });
  t.match(await run('-fixx'), { code: 2, stdout: '' });
});
