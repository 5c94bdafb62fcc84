import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { FakePlugin } from './fake-plugin.js';
import { pannier, type Ran, type RunOptions, socketFolder } from './pannier.js';

export const SPEC = `
id        = "data"
name      = "data"
type      = "csi"
plugin_id = "rbd"
capacity_min = "10GiB"
capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}
secrets { userKey = "very-secret" }
`;

export interface Here {
  readonly plugin: FakePlugin;
  readonly folder: string;
  /** Runs a line, whose words are parted by single blanks, or its words. */
  run(line: string | readonly string[], options?: RunOptions): Promise<Ran>;
}

/**
 * A fake plugin on a socket in a folder of the test's own, and the command line pointed to it. What the plugin
 * offers can be changed before it listens.
 */
export async function here(
  t: Test,
  change: (plugin: FakePlugin) => void = () => {},
): Promise<Here> {
  const folder = await socketFolder(t);
  await writeFile(join(folder, 'spec.hcl'), SPEC);
  const endpoint = `unix://${folder}/csi.sock`;
  const plugin = new FakePlugin();
  change(plugin);
  const close = await plugin.listen(endpoint);
  t.teardown(close);
  const env = { PANNIER_ENDPOINT: endpoint };
  return {
    plugin,
    folder,
    run: (line, options) =>
      pannier(typeof line === 'string' ? line.split(' ') : line, { cwd: folder, env, ...options }),
  };
}
