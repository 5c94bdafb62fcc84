import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Answering, standIn } from '../nomad/stand-in.js';
import { SPEC } from './here.js';
import { pannier, socketFolder } from './pannier.js';

/** The command line, with a server in Nomad's place. */
async function at(t: Test, answer: Answering) {
  const nomad = await standIn(t, answer);
  const cwd = await socketFolder(t);
  await writeFile(join(cwd, 'spec.hcl'), SPEC);
  const env = { NOMAD_ADDR: nomad.address };
  return {
    ...nomad,
    cwd,
    run: (line: string) => pannier(line.split(' '), { env, cwd }),
  };
}

const PLUGIN = {
  ID: 'rbd',
  Provider: 'csi.pannier.rbd',
  Version: '1',
  ControllerRequired: true,
  ControllersHealthy: 1,
  ControllersExpected: 2,
  NodesHealthy: 0,
  NodesExpected: 1,
};

t.test('an old Nomad registers without a word, and that is enough', async (t) => {
  const { run, asked, cwd } = await at(t, ({ path }) => ({
    body: path === '/v1/volumes' ? 'null' : '',
  }));
  const spec = SPEC.replace('capability', 'external_id = "c/rbd/a"\ncapability');
  await writeFile(join(cwd, 'spec.hcl'), spec);
  t.match(await run('volume register spec.hcl'), { code: 0, stdout: 'Volume "data" registered\n' });
  t.match(asked.at(-1), {
    method: 'PUT',
    path: '/v1/volume/csi/data',
    body: { Volumes: [{ ExternalID: 'c/rbd/a', Secrets: { userKey: 'very-secret' } }] },
  });
  t.match(await run('volume status'), { code: 0, stdout: /No CSI volumes/ });
});

t.test('a volume of which an old Nomad tells little is shown', async (t) => {
  const { run } = await at(t, () => ({
    body: { ID: 'data', Topologies: [null, { Segments: { rack: 'R1' } }], Allocations: null },
  }));
  const { code, stdout } = await run('volume status data');
  t.equal(code, 0);
  t.match(stdout, /^ID +Name *= <none>|^ID +=/);
  t.match(stdout, '\n\nTopologies\nTopology  Segments\n00        rack=R1\n');
  t.match(stdout, '\n\nAllocations\nNo allocations placed\n');
});

t.test('a half-healthy plugin is shown with what is wrong', async (t) => {
  const instance = (Healthy: boolean, HealthDescription: string) => ({
    AllocID: 'aaaaaaaa-1111',
    Healthy,
    HealthDescription,
  });
  const { run } = await at(t, ({ path }) => ({
    body:
      path === '/v1/plugins'
        ? [PLUGIN]
        : {
            ...PLUGIN,
            Controllers: {
              'node1111-1111': instance(true, 'healthy'),
              'node2222-2222': instance(false, 'probe failed: no socket'),
            },
          },
  }));
  t.match((await run('plugin status')).stdout, /\nrbd +csi\.pannier\.rbd +1\/2 +0\/1\n/);
  t.match(
    (await run('plugin status rbd')).stdout,
    /\nUnhealthy\nInstance +Node ID +Allocation +Problem\ncontroller +node2222 +aaaaaaaa +probe failed: no socket\n/,
  );
});

t.test(
  'what stands is said where Nomad has no leader, is not there, or is something else',
  async (t) => {
    const leaderless = await at(t, () => ({ status: 500, body: 'rpc error: No cluster leader' }));
    t.match(await leaderless.run('volume create spec.hcl'), {
      code: 1,
      stderr: /Error creating volume: Nomad answered: No cluster leader\nNomad has no leader now/,
    });
    t.match(JSON.parse((await leaderless.run('volume status -json')).stderr), {
      error: { code: 'UNAVAILABLE', message: /No cluster leader/, exitCode: 1 },
    });
    const down = await pannier(['volume', 'status', '-address=http://127.0.0.1:1'], {});
    t.match(down, {
      code: 3,
      stdout: '',
      stderr: /no Nomad answers at http:\/\/127\.0\.0\.1:1: nothing listens there\nStart the agent/,
    });
    const other = await at(t, () => ({ body: '<html>' }));
    t.match(await other.run('plugin status'), { code: 3, stderr: /does not speak as Nomad does/ });
    t.match(await pannier(['volume', 'status', '-address=nomad'], {}), {
      code: 2,
      stderr: /"nomad" is no address of Nomad\nWrite http:/,
    });
  },
);

t.test(
  'a plugin that cannot tell its volumes or snapshots keeps nobody from the rest',
  async (t) => {
    const { run } = await at(t, ({ path, query }) => {
      if (path === '/v1/plugins') return { body: [PLUGIN, { ...PLUGIN, ID: 'other' }] };
      if (path === '/v1/volumes') return { body: [] };
      if (query.plugin_id === 'rbd')
        return { status: 500, body: 'rpc error: unimplemented for this plugin' };
      return path === '/v1/volumes/snapshot'
        ? { body: { Snapshots: [{ ID: 's1', ExternalSourceVolumeID: 'v', SizeBytes: 1 }] } }
        : { body: { Volumes: [{ ExternalID: 'v1' }] } };
    });
    const verbose = (await run('volume status -verbose')).stdout;
    t.match(
      verbose,
      'Volumes of plugin rbd\nunknown: Nomad answered: unimplemented for this plugin',
    );
    t.match(verbose, /Volumes of plugin other\nExternal ID +Condition +Nodes\nv1 +OK +<none>\n/);
    const listed = await run('snapshot list');
    t.match(listed, {
      code: 0,
      stdout: /\ns1 +v +1 B +<none> +false\n/,
      stderr: /^Warning: the snapshots of plugin "rbd" are not known: .*unimplemented/,
    });
    t.match(await run('snapshot list -plugin=rbd'), { code: 1, stderr: /unimplemented/ });
    t.match(await run('snapshot list -plugin=none'), { code: 1, stderr: /no CSI plugin "none"/ });
  },
);

t.test('a volume is followed over a time in which Nomad does not answer', async (t) => {
  const volume = { headers: { 'X-Nomad-Index': '5' }, body: { ID: 'data', Schedulable: true } };
  const replies: ReturnType<Answering>[] = [volume, volume, 'reset'];
  const { run } = await at(t, () => replies.shift() ?? { status: 404, body: 'volume not found' });
  const { code, stdout } = await run('volume status -monitor data');
  t.equal(code, 0);
  t.match(
    stdout.split('\n').map((line) => line.replace(/^==> \S+Z: /, '')),
    [
      /^Volume "data" in namespace "default" is schedulable/,
      'No allocation claims it',
      /^Nomad does not answer now: .*closed the connection/,
      'Nomad answers again',
      'Volume "data" is gone from Nomad',
    ],
  );
});

t.test('a creation that fails in the middle says what was done', async (t) => {
  const { run, cwd, asked } = await at(t, ({ path }) =>
    path.includes('/two/')
      ? { status: 500, body: 'volume already exists but is incompatible' }
      : { body: { Volumes: [{ ID: 'x', ExternalID: 'c/rbd/x' }] } },
  );
  const volumes = ['one', 'two', 'three'].map(
    (name) =>
      `volume "${name}" {\n${SPEC.replaceAll('"data"', `"${name}"`).replace('secrets { userKey = "very-secret" }', '')}\n}`,
  );
  await writeFile(join(cwd, 'all.hcl'), volumes.join('\n'));
  t.match(await run('volume create all.hcl'), {
    code: 1,
    stdout: '',
    stderr:
      /volume "two": Nomad answered: volume already exists[\s\S]*Done: "one"\. Not tried: "three"\./,
  });
  t.equal(asked.filter(({ method }) => method === 'PUT').length, 2);
});
