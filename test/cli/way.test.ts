import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { describeWay, nomadWayOf, registrationOf, wayOf } from '../../src/cli/way.js';
import { DEFAULT_ENDPOINT } from '../../src/dev/defaults.js';
import { here } from './here.js';
import { socketFolder } from './pannier.js';

const NEITHER = { endpoint: undefined, address: undefined };

t.test('a flag counts before a variable, and a controller before Nomad', async (t) => {
  const socket = join(await socketFolder(t), 'csi.sock');
  await writeFile(socket, '');
  const env = { PANNIER_ENDPOINT: 'unix:///p.sock', NOMAD_ADDR: 'http://n:4646' };
  const way = (flags: object, env: Record<string, string>, dev = '/nowhere/csi.sock') =>
    wayOf({ ...NEITHER, ...flags }, env, dev);
  t.match(way({ endpoint: 'tcp://c:1', address: 'http://a:1' }, env), {
    through: 'controller',
    endpoint: 'tcp://c:1',
    because: '-endpoint',
  });
  t.match(way({ address: 'http://a:1' }, env), { through: 'nomad', address: 'http://a:1' });
  t.match(way({}, env), { through: 'controller', endpoint: 'unix:///p.sock' });
  t.match(way({}, { ...env, PANNIER_ENDPOINT: '' }, socket), {
    through: 'nomad',
    address: 'http://n:4646',
    because: 'NOMAD_ADDR',
  });
  t.match(way({}, {}, socket), { through: 'controller', endpoint: DEFAULT_ENDPOINT });
  t.match(way({}, {}), { through: 'nomad', address: 'http://127.0.0.1:4646' });
  t.match(nomadWayOf({ address: undefined }, env), { address: 'http://n:4646' });
});

t.test('it is told in words, without a password', async (t) => {
  t.equal(
    describeWay(wayOf({ ...NEITHER, address: 'http://anna:pass@host:4646' })),
    'through Nomad at http://host:4646 (-address)',
  );
  t.equal(
    describeWay(wayOf({ ...NEITHER, endpoint: 'tcp://c:1' })),
    'straight to the controller at tcp://c:1 (-endpoint)',
  );
});

t.test('Nomad is told where it is known, or where that is asked for', async (t) => {
  const told = (register: boolean | undefined, address?: string, env = {}) =>
    registrationOf({ register, address }, env);
  t.equal(told(undefined), false);
  t.equal(told(undefined, 'http://a:1'), true);
  t.equal(told(undefined, undefined, { NOMAD_ADDR: 'http://a:1' }), true);
  t.equal(told(true), true);
  t.equal(told(false, 'http://a:1', { NOMAD_ADDR: 'http://a:1' }), false);
});

t.test('what means something through Nomad only is refused straight at a controller', async (t) => {
  const { plugin, run } = await here(t);
  for (const line of [
    'volume status -monitor',
    'volume status -verbose',
    'volume status -stale',
    'volume expand -without-secrets data 1GiB',
    'snapshot list -plugin=x',
    'snapshot delete x y',
    'plugin status x',
  ])
    t.match(
      await run(line),
      {
        code: 2,
        stdout: '',
        stderr: /means something through Nomad only, and this goes straight to .*PANNIER_ENDPOINT/,
      },
      line,
    );
  t.same(plugin.took(), []);
});
