import { PATTERN_BYTES } from '../../lab/content.js';
import { createWritten, listed, remove } from './calls.js';
import type { EffectsIn } from './files.js';
import { type MakeScenario, testCrashes } from './harness.js';

const THERE = 'another-host';

const moved: MakeScenario = (scene) => {
  const { keeper, contents, name } = scene;
  let volumeId = '';
  return {
    async prepare() {
      volumeId = await createWritten(scene, name);
    },
    call: ({ admin }) => admin.moveVolume({ volumeId, host: THERE }),
    async check(t, title) {
      t.notOk(
        (await listed(keeper)).includes(volumeId),
        `${title}: its former host lists it no more`,
      );
      const { record } = await keeper.admin.inspectVolume({ volumeId });
      t.match(record, { host: THERE, state: 'whole' }, `${title}: its record`);
      const { findings } = await keeper.admin.examine({});
      const ofIt = findings.filter(({ subject }) => subject.includes(`${name}-`));
      t.same(ofIt, [], `${title}: a doctor finds nothing of it`);
      t.equal(
        await contents.hashOf(volumeId),
        contents.expected(PATTERN_BYTES, name),
        `${title}: its bytes`,
      );
    },
    async clean() {
      await keeper.admin.moveVolume({ volumeId });
      await remove(keeper, volumeId);
    },
  };
};

testCrashes<EffectsIn<'move'>>(
  'MoveVolume',
  { 'move/write-record': [moved], 'move/write-entry': [moved] },
  { PANNIER_SCOPE: 'host', PANNIER_HOST_ID: 'this-host' },
);
