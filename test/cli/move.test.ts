import t from 'tap';
import { here } from './here.js';

t.test('move gives a volume to a host: a name that is listed, or any whole handle', async (t) => {
  const { plugin, run } = await here(t);
  plugin.add('c/rbd/a', 'alpha', 1n << 30n);
  t.match(await run('volume move -host=rack-1 alpha'), {
    code: 0,
    stdout: 'ID   = c/rbd/a\nHost = rack-1\n',
    stderr: /^==> \S+Z: Moved volume "c\/rbd\/a" to host "rack-1"\n$/,
  });
  t.match(JSON.parse((await run('volume move -json c/rbd/elsewhere')).stdout), {
    id: 'c/rbd/elsewhere',
    host: 'this-host',
  });
  plugin.took();
  t.match(await run('volume move nosuch'), { code: 1, stderr: /volume "nosuch" does not exist/ });
  t.notOk(plugin.took().includes('MoveVolume'));
});

t.test('a plugin that is not Pannier is said to be another one', async (t) => {
  const { plugin, run } = await here(t, (plugin) => {
    plugin.admin = undefined;
  });
  plugin.add('c/rbd/a', 'alpha', 1n << 30n);
  t.match(await run('volume move alpha'), { code: 1, stderr: /offers nothing of this beside CSI/ });
});
