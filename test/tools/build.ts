import { join } from 'node:path';
import { packageRoot } from '../../src/cli/package.js';
import { run } from '../../src/dev/run.js';

/** Downloads and a first build on two cores. */
const BUILD_LIMIT_MS = 40 * 60_000;

const TOOLS = join(packageRoot(), 'test', 'tools');

/**
 * The path of a program whose Go module is test/tools/NAME, built where its sources changed.
 *
 * @throws DevError where Go is missing or the build fails.
 */
export async function goTool(name: string): Promise<string> {
  await run('sh', [join(TOOLS, 'build.sh'), name], { limitMs: BUILD_LIMIT_MS });
  return join(TOOLS, 'bin', name);
}

/**
 * The folder of Mesos's programs, built where their sources changed.
 *
 * @throws DevError where the build fails.
 */
export async function mesosTools(): Promise<string> {
  await run('sh', [join(TOOLS, 'mesos', 'build.sh')], { limitMs: BUILD_LIMIT_MS });
  return join(TOOLS, 'bin', 'mesos', 'bin');
}

/**
 * The path of the library that a machine's kernel is started with, built where its source changed.
 *
 * @throws DevError where the build fails.
 */
export async function machineLibrary(): Promise<string> {
  await run('sh', [join(TOOLS, 'machine', 'build.sh')], { limitMs: BUILD_LIMIT_MS });
  return join(TOOLS, 'bin', 'machine', 'whole-xstate.so');
}
