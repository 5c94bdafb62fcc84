import t, { type Test } from 'tap';
import { pannier } from '../cli/pannier.js';
import { NomadUser } from '../lab/nomad/user.js';
import { NOTHING, whatIsLeft } from '../lab/nothing-left.js';
import { startSite } from './site.js';
import { imageOf, imagesIn, type NomadVolume, readVolume, volumeSpec } from './volumes.js';

const site = await startSite({ servers: 3 });
const { nomad, ceph } = site;
const { client } = nomad;
// Agents that are clients know all servers, and go to another one when theirs is gone.
const here = new NomadUser(nomad.program, () => `http://${client.agent.address}`, nomad.token);

const LEADER = '/v1/status/leader';

/** What a command said, and how it ended. */
interface Said {
  readonly code: number | null;
  readonly stderr: string;
}

type Create = (spec: string) => Promise<Said>;

const theirs: Create = (spec) =>
  here.cli('volume', 'create', spec).then(
    () => ({ code: 0, stderr: '' }),
    ({ code, stderr }: Said) => ({ code, stderr }),
  );

const ours: Create = (spec) =>
  pannier(['volume', 'create', spec], { env: { NOMAD_ADDR: here.address } });

/** The leader dies while the plugin has made an image and not answered yet. Answers what the command said. */
async function leaderDies(t: Test, id: string, create: Create): Promise<Said> {
  const spec = site.file(`${id}.volume.hcl`, volumeSpec({ id }));
  await site.pauseAfter(client, 'create/create-image');
  const leader = await nomad.leader();
  const last = await nomad.get<string>(LEADER);
  const creating = create(spec);
  const goOn = await site.paused(client);
  await leader.stop('SIGKILL');
  goOn();
  const said = await creating;
  // The servers that are left name the dead one for a while.
  await here.until<string>(LEADER, (address) => !['', last].includes(address));

  const again = await create(spec);
  t.match(again, { code: 0 }, `the same command again: ${again.stderr}`);
  const volumes = await nomad.get<readonly NomadVolume[]>('/v1/volumes?type=csi');
  t.match(volumes, [{ ID: id }], 'there is one volume');
  const { ExternalID } = await readVolume(nomad, id);
  const images = await imagesIn(ceph);
  t.equal(images.length, 1, 'and one image');
  t.ok(ExternalID.endsWith(`/${images[0]}`));
  t.equal((await imageOf(ceph, ExternalID)).size, 320 << 20);
  t.equal((await create(spec)).code, 0, 'and once more');
  await nomad.cli('volume', 'delete', id);

  leader.start();
  const all = nomad.servers.length;
  await nomad.until<{ Members: readonly { Status: string }[] }>(
    '/v1/agent/members',
    ({ Members }) => Members.filter(({ Status }) => Status === 'alive').length === all,
  );
  // It may be the one that is asked next, and then must know who leads and the way to the client.
  const back = new NomadUser(nomad.program, () => `http://${leader.address}`, nomad.token);
  await back.until<string>(LEADER, (address) => address !== '');
  await back.until(`/v1/client/stats?node_id=${client.nodeId}`, () => true);
  return said;
}

t.test("the leader dies in the middle of Nomad's own volume create", async (t) => {
  await leaderDies(t, 'theirs', theirs);
});

t.test('the leader dies in the middle of our volume create, which says what stands', async (t) => {
  const { code, stderr } = await leaderDies(t, 'ours', ours);
  t.equal(code, 1);
  t.match(stderr, /Nomad answered: .*\n.*the command can be repeated/);
});

t.test('nothing is left', async (t) => {
  t.same(await whatIsLeft(ceph, site.folder), NOTHING);
});
