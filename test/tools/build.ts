import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../src/dev/run.js';

/** test/tools in the sources, seen from dist/test/tools. */
const TOOLS = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'test', 'tools');
/** Downloads and a first build on two cores. */
const BUILD_LIMIT_MS = 15 * 60_000;

/**
 * The path of a program whose Go module is test/tools/NAME, built where it is missing or older than a file
 * of the module. Several processes may ask at once.
 *
 * @throws DevError where Go is missing or the build fails.
 */
export async function goTool(name: string): Promise<string> {
  const module = join(TOOLS, name);
  const program = join(TOOLS, 'bin', name);
  if (await isCurrent(program, module)) return program;
  await mkdir(dirname(program), { recursive: true });
  const built = `${program}.${process.pid}`;
  try {
    await run('go', ['build', '-C', module, '-o', built, 'tool'], { limitMs: BUILD_LIMIT_MS });
    await rename(built, program);
  } finally {
    await rm(built, { force: true });
  }
  return program;
}

async function isCurrent(program: string, module: string): Promise<boolean> {
  if (!existsSync(program)) return false;
  const { mtimeMs } = await stat(program);
  const files = await readdir(module);
  const times = await Promise.all(files.map(async (file) => (await stat(join(module, file))).mtimeMs));
  return times.every((time) => time <= mtimeMs);
}
