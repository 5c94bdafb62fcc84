import { createServer } from 'node:net';
import t from 'tap';
import { NomadClient } from '../../src/nomad/client.js';
import { NomadError } from '../../src/nomad/errors.js';
import { listExternalVolumes } from '../../src/nomad/external.js';
import { nomadSettings } from '../../src/nomad/settings.js';
import { deleteSnapshot, listSnapshots } from '../../src/nomad/snapshots.js';
import {
  createVolume,
  deleteVolume,
  listVolumes,
  readVolume,
  registerVolume,
} from '../../src/nomad/volumes.js';
import { changes } from '../../src/nomad/watch.js';
import { nomadVolume } from '../../src/spec/nomad.js';
import { standIn } from './stand-in.js';

const VOLUME = nomadVolume({
  type: 'csi',
  id: 'data',
  name: 'data',
  namespace: 'prod',
  pluginId: 'rbd',
  externalId: '',
  snapshotId: '',
  cloneId: '',
  capacityMin: 1n << 60n,
  capacityMax: 0n,
  capabilities: [],
});

async function failure(work: Promise<unknown>): Promise<NomadError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof NomadError)) throw new Error(`not a NomadError: ${error}`);
  return error;
}

t.test('who asks and where goes with every call', async (t) => {
  const nomad = await standIn(t, () => ({ body: [] }));
  const client = nomad.client({
    NOMAD_TOKEN: 'secret',
    NOMAD_HTTP_AUTH: 'anna:pass',
    NOMAD_REGION: 'eu',
    NOMAD_NAMESPACE: 'prod',
  });
  await listVolumes(client, { stale: true });
  t.match(nomad.asked[0], {
    method: 'GET',
    path: '/v1/volumes',
    query: { type: 'csi', region: 'eu', namespace: 'prod', stale: '' },
    headers: {
      'x-nomad-token': 'secret',
      authorization: `Basic ${Buffer.from('anna:pass').toString('base64')}`,
    },
  });
  await listVolumes(client, { namespace: '*' });
  t.equal(nomad.asked[1]?.query.namespace, '*');
  t.equal(nomad.asked[1]?.query.stale, undefined);
});

t.test('a volume is sent to the namespace that it names, its sizes with every digit', async (t) => {
  const nomad = await standIn(t, ({ path }) => ({
    body: path.endsWith('/create') ? { Volumes: [{ ID: 'data', ExternalID: 'c/rbd/x' }] } : '',
  }));
  const client = nomad.client({ NOMAD_NAMESPACE: 'default' });
  t.match(await createVolume(client, VOLUME), { ID: 'data', ExternalID: 'c/rbd/x' });
  t.match(nomad.asked[0], {
    method: 'PUT',
    path: '/v1/volume/csi/data/create',
    query: { namespace: 'prod' },
    body: { Volumes: [{ ID: 'data', RequestedCapacityMin: 2 ** 60 }] },
  });
  await registerVolume(client, VOLUME);
  t.equal(nomad.asked[1]?.path, '/v1/volume/csi/data', 'an old version answers nothing to it');
});

t.test('what an old or careless version leaves out or null is empty', async (t) => {
  const nomad = await standIn(t, ({ path }) => ({
    body:
      path === '/v1/volumes'
        ? [{ ID: 'b' }, { ID: 'a', Topologies: [null, { Segments: { rack: '1' } }] }]
        : { ID: 'a', Topologies: null, Allocations: null, MountOptions: null },
  }));
  const client = nomad.client();
  t.match((await listVolumes(client)).document, [
    { ID: 'a', Namespace: 'default', Topologies: [{ Segments: { rack: '1' } }] },
    { ID: 'b', Namespace: 'default', Topologies: [] },
  ]);
  t.match((await readVolume(client, 'a'))?.document, {
    Topologies: [],
    Allocations: [],
    RequestedCapabilities: [],
    Capacity: 0,
  });
  const none = await standIn(t, () => ({ body: 'null' }));
  t.same((await listVolumes(none.client())).document, []);
  t.same(await listExternalVolumes(none.client(), 'rbd'), []);
  t.same(await listSnapshots(none.client(), 'rbd', {}), []);
});

t.test(
  'lists come whole, page by page, and a prefix that is not understood still counts',
  async (t) => {
    const nomad = await standIn(t, ({ query }) =>
      query.next_token === undefined
        ? { headers: { 'X-Nomad-NextToken': 'two' }, body: [{ ID: 'ab' }, { ID: 'zz' }] }
        : { body: [{ ID: 'aa' }, { ID: 'ab' }] },
    );
    const { document } = await listVolumes(nomad.client(), { prefix: 'a' });
    t.same(
      document.map(({ ID }) => ID),
      ['aa', 'ab'],
    );
    const external = await standIn(t, ({ query }) => ({
      body:
        query.next_token === undefined
          ? { Volumes: [{ ExternalID: 'x' }], NextToken: '1' }
          : { Volumes: [{ ExternalID: 'y' }], NextToken: '' },
    }));
    t.match(await listExternalVolumes(external.client(), 'rbd'), [
      { ExternalID: 'x' },
      { ExternalID: 'y' },
    ]);
  },
);

t.test('a time in nanoseconds keeps its digits', async (t) => {
  const nomad = await standIn(t, () => ({
    body: '{"ID":"a","CreateTime":1764191234567891234,"Capacity":1073741824}',
  }));
  const answer = await readVolume(nomad.client(), 'a');
  t.match(answer?.document, { CreateTime: 1764191234567891234n, Capacity: 1073741824 });
});

t.test('secrets go in a header where there is no body, if that can carry them', async (t) => {
  const nomad = await standIn(t, () => ({ body: '' }));
  const client = nomad.client();
  await deleteVolume(client, 'data', { secrets: { userID: 'a', userKey: 'b==' } });
  t.equal(nomad.asked[0]?.headers['x-nomad-csi-secrets'], 'userID=a,userKey=b==');
  const bad = await failure(deleteSnapshot(client, 'rbd', 's', { userKey: 'one,two' }));
  t.match(bad, { code: 'CONFIG', message: /"userKey" has a comma/, remedy: /-endpoint/ });
  t.notMatch(bad.message + bad.remedy, 'two');
  t.equal(nomad.asked.length, 1, 'and nothing is sent');
});

t.test(
  'a blocking query waits for another index, and an index that goes back is no news lost',
  async (t) => {
    const indexes = [7, 7, 9, 3, 4];
    const nomad = await standIn(t, () => {
      const index = indexes.shift();
      return index === undefined
        ? 'hang'
        : { headers: { 'X-Nomad-Index': String(index) }, body: { ID: `at ${index}` } };
    });
    const client = nomad.client();
    const seen: string[] = [];
    const read = async (options: object) => {
      const answer = await readVolume(client, 'data', options);
      if (answer === undefined) throw new Error('no volume');
      return answer;
    };
    for await (const { ID } of changes(read)) {
      seen.push(ID);
      if (ID === 'at 4') break;
    }
    t.same(seen, ['at 7', 'at 9', 'at 3', 'at 4']);
    t.match(
      nomad.asked.map(({ query }) => query.index),
      [undefined, '7', '7', '9', undefined],
      'after one that went back it asks anew',
    );
    t.equal(nomad.asked[1]?.query.wait, '60000ms');
  },
);

t.test('nobody there is told by what stands and what to do', async (t) => {
  const closed = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
  const at = (NOMAD_ADDR: string) =>
    failure(listVolumes(new NomadClient(nomadSettings({}, { NOMAD_ADDR }))));
  t.match(await at(`http://127.0.0.1:${closed}`), {
    code: 'UNREACHABLE',
    message: `no Nomad answers at http://127.0.0.1:${closed}: nothing listens there`,
    remedy: /-address or NOMAD_ADDR/,
    request: 'GET /v1/volumes',
  });
  t.match(await at('unix:///nowhere/api.sock'), {
    message: 'no Nomad answers at unix:///nowhere/api.sock: there is no such socket',
  });
  t.match(await at('http://no-such-host.invalid:4646'), {
    message: /there is no host of that name/,
  });

  const hanging = await standIn(t, () => 'hang');
  t.match(await failure(listVolumes(hanging.client({}, 500))), {
    code: 'DEADLINE_EXCEEDED',
    message: /did not answer GET \/v1\/volumes within 0.5 s/,
    remedy: /can be repeated/,
  });
  const resetting = await standIn(t, () => 'reset');
  t.match(await failure(listVolumes(resetting.client())), {
    code: 'UNREACHABLE',
    message: /closed the connection without an answer/,
  });
  t.match(await at(hanging.address.replace('http:', 'https:')), { message: /does not speak TLS/ });
  const page = await standIn(t, () => ({ body: '<html>a page</html>' }));
  t.match(await failure(listVolumes(page.client())), {
    code: 'UNREACHABLE',
    message: /does not speak as Nomad does/,
  });
});

t.test('what Nomad refuses is told in a sentence, with its code', async (t) => {
  const cases: ReadonlyArray<readonly [number, string, object]> = [
    [
      403,
      'Permission denied',
      {
        code: 'PERMISSION_DENIED',
        message: /GET \/v1\/volumes in namespace "default"/,
        remedy: /csi-list-volume/,
      },
    ],
    [403, 'ACL token not found', { code: 'UNAUTHENTICATED', message: /does not know the token/ }],
    [403, 'ACL token expired', { code: 'UNAUTHENTICATED', message: /has expired/ }],
    [
      500,
      'rpc error: No cluster leader',
      {
        code: 'UNAVAILABLE',
        message: 'Nomad answered: No cluster leader',
        remedy: /no leader now/,
      },
    ],
    [500, 'No path to region', { code: 'INVALID_ARGUMENT', remedy: /NOMAD_REGION/ }],
    [
      500,
      '1 error occurred:\n\t* no CSI plugin named: x could be found\n\n',
      {
        code: 'FAILED_PRECONDITION',
        message: 'Nomad answered: no CSI plugin named: x could be found',
        remedy: /plugin status/,
      },
    ],
    [
      500,
      'no healthy controllers for CSI plugin: x',
      { code: 'UNAVAILABLE', remedy: /controller/ },
    ],
    [
      500,
      '2 errors occurred:\n\t* volume name cannot be updated\n\t* volume parameters cannot be updated',
      {
        code: 'FAILED_PRECONDITION',
        message:
          'Nomad answered: volume name cannot be updated; volume parameters cannot be updated',
        remedy: /volume plan/,
      },
    ],
    [
      400,
      'Client sent an HTTP request to an HTTPS server.\n',
      { code: 'UNREACHABLE', message: /it speaks TLS/, remedy: /https:/ },
    ],
    [404, '', { code: 'NOT_FOUND', message: 'Nomad answered 404 to GET /v1/volumes' }],
    [429, 'slow down', { code: 'UNAVAILABLE', remedy: /can be repeated/ }],
    [500, 'boom', { code: 'INTERNAL', status: 500, body: 'boom', remedy: /log/ }],
  ];
  for (const [status, body, told] of cases) {
    const nomad = await standIn(t, () => ({ status, body }));
    t.match(await failure(listVolumes(nomad.client({ NOMAD_TOKEN: 'x' }))), told, body);
  }
  const nobody = await standIn(t, () => ({ status: 403, body: 'Permission denied' }));
  t.match(await failure(listVolumes(nobody.client())), {
    message: /^nobody may do this without a token/,
  });
});

t.test('a volume that is not there is none, and no error', async (t) => {
  const nomad = await standIn(t, () => ({ status: 404, body: 'volume not found' }));
  t.equal(await readVolume(nomad.client(), 'x'), undefined);
});
