import { globSync } from 'node:fs';
import t from 'tap';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { pluginKilledWhileItsConsumerStops } from './jobspecs/accidents.js';
import * as examples from './jobspecs/examples.js';
import { FOLDER, startJobspecSite } from './jobspecs/site.js';

const site = await startJobspecSite('docker');

t.test('controller and node in Docker, without privileges', async (t) => {
  await site.runPlugin('controller', 'node');
  await t.test('a database on one writer', (t) => examples.databaseExample(t, site));
  await t.test('read-only many', (t) => examples.catalogExample(t, site));
  await t.test('raw block', (t) => examples.journalExample(t, site));
  await t.test('one volume for each allocation', (t) => examples.shardsExample(t, site));
  await t.test('the plugin is killed while its consumer stops', (t) =>
    pluginKilledWhileItsConsumerStops(t, site, 'pannier-node'),
  );
  await site.stop('pannier-node');
  await site.stop('pannier-controller');
  await site.pluginGone();
});

t.test('a monolith in Docker', async (t) => {
  await site.runPlugin('monolith');
  await examples.databaseExample(t, site);
  await site.stop('pannier');
});

t.test('nothing is left, and every file was used', async (t) => {
  t.same(await whatIsLeft(site.ceph, site.folder), NOTHING);
  const all = globSync('{docker,examples,examples/docker}/*.hcl', { cwd: FOLDER });
  t.same([...site.used].sort(), all.sort());
});
