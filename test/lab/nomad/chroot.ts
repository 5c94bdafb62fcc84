import { realpathSync } from 'node:fs';
import { run } from '../../../src/dev/run.js';

/** What tasks of the exec driver can run, at the same paths as here. */
const PROGRAMS = [
  'sh',
  'cat',
  'dd',
  'ls',
  'mkdir',
  'mv',
  'rm',
  'sha256sum',
  'sleep',
  'stat',
  'sync',
];

/**
 * The files in an exec task's root, as `chroot_env` has them: from where, to where. Nomad's own list would link all
 * of /usr anew for each task.
 */
export async function chrootFiles(programs: readonly string[]): Promise<Map<string, string>> {
  const paths = [...PROGRAMS.map((name) => `/bin/${name}`), ...programs];
  const said = await run('ldd', paths);
  const libraries = said.match(/\/\S+(?= \(0x)/g) ?? [];
  return new Map([...paths, ...libraries].map((path) => [realpathSync(path), path]));
}
