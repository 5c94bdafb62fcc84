import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findProcesses } from '../../src/dev/processes.js';
import { mountsBelow } from './folder.js';
import { completed, running } from './nomad/allocations.js';
import { startNomad } from './nomad.js';

const job = (driver: string, type: string, script: string) => `
job "${driver}-${type}" {
  type = "${type}"
  group "group" {
    task "task" {
      driver = "${driver}"
      config {
        command = "/bin/sh"
        args    = ["-c", "${script}"]
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
`;

const nomad = await startNomad({ acl: true });
const { client } = nomad;

t.test('a test file gets a Nomad that runs jobs by both exec drivers', async (t) => {
  t.match(await nomad.cli('server', 'members'), /s1\.global .*alive/);
  for (const driver of ['raw_exec', 'exec']) {
    const { ID } = await completed(nomad, await nomad.runJob(job(driver, 'batch', 'echo it ran')));
    t.equal(await nomad.cli('alloc', 'logs', ID), 'it ran\n');
  }
  await t.rejects(nomad.as(undefined).cli('job', 'status'), /Permission denied/);
  await t.rejects(nomad.cli('job', 'status', 'missing'), /No job/);
});

t.test(
  'a client that is killed comes back to its tasks; one that lost its data is another',
  async (t) => {
    const id = await nomad.runJob(job('exec', 'service', 'sleep 1000'));
    const [before] = await running(nomad, id);
    const { nodeId } = client;
    await client.kill();
    t.ok(findProcesses((args) => args.includes('sleep')).length > 0, 'the task goes on');
    await client.start();
    t.equal(client.nodeId, nodeId);
    t.equal((await running(nomad, id))[0]?.ID, before?.ID);

    await client.cutPower();
    t.same(
      findProcesses((args) => args.some((arg) => arg.includes(`${client.agent.folder}/`))),
      [],
    );
    t.same(mountsBelow(client.agent.folder), []);
    t.ok(existsSync(join(client.allocDir, before?.ID ?? '')), 'files stay');
    client.forget();
    await client.start();
    t.not(client.nodeId, nodeId);
    const [after] = await running(nomad, id, { node: client.nodeId });
    t.not(after?.ID, before?.ID, 'its tasks are placed anew');
  },
);
