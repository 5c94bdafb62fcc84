import t from 'tap';
import { connect } from '../../src/csi/wire/client.js';
import { Admin } from '../../src/proto/pannier/admin/v1/admin_pb.js';
import { EFFECTS } from '../../src/volume/effects.js';
import { startCeph } from '../lab/ceph.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { codeOf, type LabPlugin, startPlugin } from '../lab/plugin.js';
import { DAMAGES, Hands, within } from './damages.js';

/** The damage whose mending has an effect. */
const MENDED_BY: Readonly<Record<(typeof EFFECTS.doctor)[number], keyof typeof DAMAGES>> = {
  'restore-entry': 'image-without-entry',
  'take-over-claim': 'unfinished-creation',
  'give-up-claim': 'unfinished-creation',
  'release-entry': 'entry-without-image',
  'rename-back': 'image-renamed',
  'restore-record': 'image-without-record',
  'restore-name': 'image-without-name',
  'clear-remains': 'half-made-image',
  'restore-snapshot-entry': 'snapshot-without-entry',
  'release-snapshot': 'unfinished-snapshot',
  'leave-task': 'trash-without-task',
  'hurry-task': 'tombstone-can-go',
  'drop-task': 'task-for-nothing',
};

const examine = async ({ endpoint }: LabPlugin) => {
  const connection = connect(endpoint);
  try {
    return await connection.service(Admin).examine({ fix: true });
  } finally {
    connection.close();
  }
};

t.test('kill -9 after any effect of a doctor, then another doctor: all is mended', async (t) => {
  const ceph = await startCeph({ own: true });
  const hands = new Hands(
    ceph,
    await startPlugin({ clusters: [ceph.settings], mode: 'controller' }),
  );
  t.teardown(() => hands.close());
  for (const effect of EFFECTS.doctor)
    await t.test(effect, async (t) => {
      await hands.stopWork();
      const { plugin } = hands;
      const isWell = await DAMAGES[MENDED_BY[effect]]?.(hands, effect);
      const dying = await startPlugin({
        ...{ clusters: [ceph.settings], mode: 'controller', crashAfter: `doctor/${effect}` },
      });
      t.equal(await codeOf(examine(dying)), 'UNAVAILABLE');
      t.equal(await dying.ended, 'SIGKILL');
      const { findings } = await examine(plugin);
      t.same(
        findings.filter(({ fixed }) => !fixed),
        [],
      );
      await hands.goOn();
      t.ok(await within(async () => (await examine(plugin)).findings.length === 0));
      t.ok(await isWell?.(), 'all is well again');
      for (const { snapshot } of (await plugin.controller.listSnapshots({})).entries)
        await plugin.controller.deleteSnapshot({ snapshotId: snapshot?.snapshotId ?? '' });
      for (const { volume } of (await plugin.controller.listVolumes({})).entries)
        await plugin.controller.deleteVolume({ volumeId: volume?.volumeId ?? '' });
      t.same(await whatIsLeft(ceph, plugin.folder), NOTHING);
    });
});
