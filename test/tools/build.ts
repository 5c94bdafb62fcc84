import { join } from 'node:path';
import { packageRoot } from '../../src/cli/package.js';
import { run } from '../../src/dev/run.js';

/** Downloads and a first build on two cores. */
const BUILD_LIMIT_MS = 40 * 60_000;

/**
 * The path of a program whose Go module is test/tools/NAME, built where its sources changed.
 *
 * @throws DevError where Go is missing or the build fails.
 */
export async function goTool(name: string): Promise<string> {
  const tools = join(packageRoot(), 'test', 'tools');
  await run('sh', [join(tools, 'build.sh'), name], { limitMs: BUILD_LIMIT_MS });
  return join(tools, 'bin', name);
}
