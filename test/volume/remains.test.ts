import t from 'tap';
import { awaitMaker, clearRemains } from '../../src/volume/create/discard.js';
import { controllerOf } from './controllers.js';
import { MemoryCeph, pathOf } from './memory-ceph.js';
import { memoryClusters } from './memory-clusters.js';

const HANDLE = { cluster: 'main', pool: 'rbd', namespace: '', image: 'half-made' };
const PATH = pathOf(HANDLE);

/** Waits for an image whose name is taken, and leads to nothing, from that pause on; clears what there is then. */
async function waitAndClear(from: number): Promise<MemoryCeph> {
  const ceph = new MemoryCeph();
  let pauses = 0;
  const take = () => {
    if (pauses === from) ceph.takeName(PATH, 'half');
  };
  const wait = async () => {
    pauses++;
    take();
  };
  take();
  const controller = controllerOf(
    memoryClusters(ceph, async () => {}),
    { wait },
  );
  const cluster = controller.clusters.get('main');
  const { image, remains } = await awaitMaker(controller, cluster, HANDLE);
  t.equal(image, undefined);
  t.ok(pauses > 5, 'a maker is given time');
  await clearRemains(controller, cluster, HANDLE, remains);
  return ceph;
}

t.test('what nobody finished while it was waited for is cleared', async (t) => {
  t.same([...(await waitAndClear(0)).ids], []);
});

t.test('what was begun meanwhile is of a creation that is alive, and is left alone', async (t) => {
  for (const from of [1, 2, 5]) t.same([...(await waitAndClear(from)).ids], [[PATH, 'half']]);
});
