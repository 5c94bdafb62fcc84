import t from 'tap';
import { openClusters } from '../../src/rbd/clusters.js';
import { startCeph } from '../lab/ceph.js';
import { Contents, PATTERN_BYTES } from '../lab/content.js';

const LAYOUT = {
  sizeBytes: PATTERN_BYTES,
  objectSize: undefined,
  stripeUnit: undefined,
  stripeCount: undefined,
  dataPool: undefined,
};

const ceph = await startCeph();
const contents = new Contents(ceph);
const clusters = openClusters([ceph.settings]);
t.teardown(() => clusters.close());
const cluster = clusters.get(ceph.name);

for (const features of [undefined, ['layering']])
  t.test(
    `an object that a client died before it wrote is flattened: ${features ?? 'object-map'}`,
    async (t) => {
      const layout = { ...LAYOUT, features };
      const [source, clone] = ['source', 'clone'].map((kind) => ({
        ...{ pool: ceph.pool, namespace: '', image: `flatten-${kind}-${features?.length ?? 0}` },
      })) as [Spec, Spec];
      const idOf = ({ image }: Spec) => `${ceph.name}/${ceph.pool}/${image}`;
      await cluster.createImage(source, layout);
      await contents.write(idOf(source), 'source');
      const imageId = await contents.imageIdOf(idOf(source));
      await cluster.takeSnapshot(source, imageId, 'daily');
      await cluster.cloneImage({ ...source, imageId, snapshot: 'daily' }, clone, layout);
      const { id = '', parent } = (await cluster.readImage(clone)) ?? {};
      // What is left of a write that was cut short: an object map, where there is one, that is ahead of the objects.
      await contents.write(idOf(clone), 'source');
      await ceph.rados('-p', ceph.pool, 'rm', `rbd_data.${id}.${'0'.repeat(16)}`);
      const held = contents.expected(PATTERN_BYTES, 'source');
      t.equal(await contents.hashOf(idOf(clone)), held, 'it is read from the parent');
      t.equal(await cluster.flattenImage(clone, id, parent, () => {}), 'flattened');
      t.equal((await cluster.readImage(clone))?.parent, undefined);
      const info = await ceph.rbd('info', '--format=json', contents.specOf(idOf(clone)));
      t.same((JSON.parse(info) as { flags: unknown }).flags, [], 'its object map is to be trusted');
      t.equal(await contents.hashOf(idOf(clone)), held, 'and is its own now');
    },
  );

interface Spec {
  readonly pool: string;
  readonly namespace: string;
  readonly image: string;
}
