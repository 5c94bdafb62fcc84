import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  configText,
  environmentOf,
  LabPlugin,
  type PluginOptions,
  pannierProgram,
} from '../plugin.js';
import type { Machine } from './machine.js';

/** A machine has one plugin at a time. */
const PORT = 10_000;

/**
 * Starts `pannier plugin run` in a machine, called as that is. Its state is in the machine's folder, and so outlives
 * both; it is ended with the test file.
 */
export async function startPluginOn(
  machine: Machine,
  options: Omit<PluginOptions, 'folder' | 'nodeId'>,
): Promise<LabPlugin> {
  const { folder, name, address } = machine;
  const endpoint = `tcp://${address}:${PORT}`;
  const config = join(folder, 'pannier.hcl');
  writeFileSync(config, configText({ ...options, nodeId: name }, folder, endpoint), {
    mode: 0o600,
  });
  const argv = [...pannierProgram(), 'plugin', 'run', `-config=${config}`];
  const program = await machine.spawn(argv, environmentOf(options));
  const plugin = new LabPlugin(folder, endpoint, program);
  t.teardown(async () => {
    if (!t.passing()) t.comment(`the plugin on ${name}: ${plugin.stderr}`);
    await plugin.stop('SIGKILL');
  });
  await plugin.ready();
  if (options.mode !== 'controller' && options.crashAfter === undefined) await plugin.registered();
  return plugin;
}
