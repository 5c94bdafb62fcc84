import t from 'tap';
import { startCeph } from '../lab/ceph.js';
import { startPlugin } from '../lab/plugin.js';

// Plugins of other test files would take up the freeing of these images.
const ceph = await startCeph({ own: true });

/** Without an object map Ceph looks for each of its 16 million objects, which takes an hour. */
const LARGE = {
  capacityRange: { requiredBytes: 64n << 30n },
  parameters: { imageFeatures: 'layering', objectSize: '4096' },
};
const BLOCK = { accessType: { case: 'block' as const, value: {} }, accessMode: { mode: 1 } };

t.test('a plugin that frees large images answers calls, and ends when it is told to', async (t) => {
  const plugin = await startPlugin({ clusters: [ceph.settings], mode: 'controller' });
  const make = (name: string) =>
    plugin.controller.createVolume({ ...LARGE, name, volumeCapabilities: [BLOCK] });
  for (const name of ['one', 'two', 'three']) {
    const { volume } = await make(name);
    await plugin.controller.deleteVolume({ volumeId: volume?.volumeId ?? '' });
  }
  const { volume } = await make('one');
  t.equal(volume?.capacityBytes, LARGE.capacityRange.requiredBytes, 'the name is free at once');
  const first = await plugin.controller.listVolumes({});
  t.same(
    first.entries.map((entry) => entry.volume?.volumeId),
    [volume?.volumeId],
  );
  t.equal(await plugin.stop('SIGTERM'), 0, 'as any plugin that is told to stop');
  t.match(plugin.log.at(-1), { msg: 'plugin ends while Ceph still works for it' });
  const trash = await ceph.rbd('trash', 'ls', ceph.pool);
  t.equal(trash.trim().split('\n').length, 3, 'what is not freed yet is found by the next one');
});
