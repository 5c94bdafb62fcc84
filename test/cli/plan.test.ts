import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { fail } from '../../src/volume/errors.js';
import { here, SPEC } from './here.js';
import { pannier, socketFolder } from './pannier.js';

const GIB = 1n << 30n;

t.test('plan shows the very request and no secret, and sends nothing', async (t) => {
  const { plugin, folder, run } = await here(t);
  await writeFile(join(folder, 'secrets'), '# comment\nuserID = admin\nuserKey=other=secret==\n');
  const { code, stdout, stderr } = await run('volume plan -secrets-file=secrets spec.hcl');
  t.equal(code, 0, stderr);
  t.notMatch(stdout + stderr, /secret==|very-secret|admin/);
  t.match(stdout, /^Goes straight to the controller at unix:\S+ \(PANNIER_ENDPOINT\)\n\n/);
  t.match(stdout, /\n\+ Volume "data" is created\n {4}The plugin has no such volume\n/);
  t.match(stdout, /\n {4}csi\.v1\.Controller\/CreateVolume\n {4}\{\n {6}"name": "data",\n/);
  t.match(stdout, /"required_bytes": 10737418240/);
  t.match(stdout, /"secrets": \{\n +"userKey": "\*+stripped\*+",\n +"userID"|stripped/);
  t.match(stdout, /\nPlan: 1 to create or register, 0 to change, 0 that need nothing\.\n$/);
  const json = JSON.parse((await run('volume plan -json spec.hcl')).stdout);
  t.match(json, [
    {
      action: 'create',
      id: 'data',
      namespace: null,
      way: { through: 'controller', because: 'PANNIER_ENDPOINT' },
      now: { controller: null },
      changes: [],
      notes: [],
      requests: [{ rpc: 'csi.v1.Controller/CreateVolume', request: { name: 'data' } }],
    },
  ]);
  t.equal(
    (await run('volume create -plan -json spec.hcl')).stdout,
    (await run('volume plan -json spec.hcl')).stdout,
  );
  t.same(plugin.took(), []);
});

t.test('plan tells what is there, what would change, and what never can', async (t) => {
  const { plugin, run } = await here(t);
  plugin.add('c/rbd/data', 'data', 10n * GIB, 'node-1');
  t.match(await run('volume plan spec.hcl'), {
    code: 0,
    stdout:
      /\n= Volume "data" is as the specification says\n {4}The plugin has "c\/rbd\/data" with 10 GiB, on node-1\n\nPlan: 0 to create or register, 0 to change, 1 that need nothing\.\n/,
  });
  plugin.add('c/rbd/data', 'data', 5n * GIB);
  const smaller = await run('volume plan spec.hcl');
  t.match(smaller.stdout, /\n~ Volume "data" is changed\n.*\n {4}capacity_min: 5 GiB -> 10 GiB\n/);
  t.match(smaller.stdout, /ControllerExpandVolume\n {4}\{\n {6}"volume_id": "c\/rbd\/data",\n/);

  const other = SPEC.replace(
    'secrets',
    'clone_id = "c/rbd/x"\nparameters { pool = "fast" }\nsecrets',
  );
  const refused = await run('volume plan -', { input: other });
  t.equal(refused.code, 1);
  t.match(refused.stdout, /\n! Volume "data" cannot become what the specification says\n/);
  t.match(refused.stdout, 'clone_id: (none) -> c/rbd/x (it never changes in a volume)\n');
  t.match(refused.stdout, 'parameters.pool: rbd -> fast (it never changes in a volume)\n');
  t.match(refused.stdout, '1 that cannot be applied.\n');
  t.same(plugin.took(), []);
});

t.test('plan works where nothing answers, and says that it does not know', async (t) => {
  const folder = await socketFolder(t);
  await writeFile(join(folder, 'spec.hcl'), SPEC);
  const plan = await pannier(['volume', 'plan', `-endpoint=${folder}/none.sock`, 'spec.hcl'], {
    cwd: folder,
  });
  t.match(plan, { code: 0, stderr: '' });
  t.match(plan.stdout, /Note: what the controller has is not known: no plugin answers at/);
  t.match(plan.stdout, 'csi.v1.Controller/CreateVolume');
});

t.test('apply does what is missing, and the second time nothing', async (t) => {
  const { plugin, folder, run } = await here(t);
  plugin.add('c/rbd/two', 'two', GIB);
  await writeFile(
    join(folder, 'all.hcl'),
    ['one', 'two', 'three'].map((name) => volume(name, '2GiB')).join('\n'),
  );
  const first = await run('volume apply all.hcl');
  t.match(first, {
    code: 0,
    stdout: [
      'Volume "one" ("fake/rbd/one") was created',
      'Volume "two" ("c/rbd/two") was changed',
      'Volume "three" ("fake/rbd/three") was created',
      '',
    ].join('\n'),
  });
  t.match(first.stderr, /Creating volume "one"\n.*\n.*Growing volume "c\/rbd\/two"\n/);
  t.same(plugin.took(), ['CreateVolume', 'ControllerExpandVolume', 'CreateVolume']);
  const again = await run('volume apply -json all.hcl');
  t.match(JSON.parse(again.stdout), [
    { action: 'none', id: 'one', externalId: 'fake/rbd/one' },
    { action: 'none', id: 'two', externalId: 'c/rbd/two' },
    { action: 'none', id: 'three' },
  ]);
  t.same(plugin.took(), [], 'nothing is sent');
});

t.test('apply stops at the first failure and says what was and was not done', async (t) => {
  const { plugin, folder, run } = await here(t);
  await writeFile(
    join(folder, 'all.hcl'),
    ['one', 'two', 'three'].map((name) => volume(name, '2GiB')).join('\n'),
  );
  plugin.add('c/rbd/two', 'two', GIB);
  plugin.failing.set('ControllerExpandVolume', () =>
    fail('cluster-full', { cluster: 'c', problem: 'it is full' }),
  );
  const failed = await run('volume apply all.hcl');
  t.match(failed, { code: 1, stdout: '' });
  t.match(failed.stderr, /Error applying the specification: volume "two": .*has no room/);
  t.match(failed.stderr, 'Done: "one". Not tried: "three".');
  t.match(JSON.parse((await run('volume apply -json all.hcl')).stderr), {
    error: {
      code: 'RESOURCE_EXHAUSTED',
      details: { done: ['one'], failed: 'two', notTried: ['three'] },
    },
  });
  t.notOk(plugin.volumes.has('fake/rbd/three'));
});

t.test('apply does nothing at all where one volume can never become what is asked', async (t) => {
  const { plugin, folder, run } = await here(t);
  plugin.add('c/rbd/two', 'two', 3n * GIB);
  await writeFile(
    join(folder, 'all.hcl'),
    `${volume('one', '2GiB')}\n${volume('two', '1GiB', 'capacity_max = "2GiB"')}`,
  );
  const refused = await run('volume apply all.hcl');
  t.match(refused, { code: 1, stdout: '' });
  t.match(refused.stderr, 'nothing was done, since not all of it can be');
  t.match(
    refused.stderr,
    '"two": capacity_max: 3 GiB -> 2 GiB (the volume has 3 GiB, and no volume shrinks)',
  );
  t.same(plugin.took(), []);
});

function volume(name: string, size: string, more = ''): string {
  return `volume "${name}" {
  id        = "${name}"
  name      = "${name}"
  type      = "csi"
  plugin_id = "rbd"
  capacity_min = "${size}"
  ${more}
  capability {
    access_mode     = "single-node-writer"
    attachment_mode = "file-system"
  }
}`;
}
