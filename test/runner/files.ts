import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a test file runs: on its own, or beside the shared Ceph. */
export type Lane = 'unit' | 'ceph';

export interface TestFile {
  /** "volume/queue": its path below test/, without its ending. */
  readonly name: string;
  /** The compiled file. */
  readonly path: string;
  readonly lane: Lane;
  /** Whether it runs a program that comes as a Go module. */
  readonly tools: boolean;
}

const SOURCE_END = '.test.ts';
const TOOLS = /from '[./]+\/tools\//;

/**
 * The test files below a folder whose names hold one of `filters`. Sources are listed, not compiled files:
 * one whose source is gone would go on passing.
 */
export function findTests(root: string, filters: readonly string[]): TestFile[] {
  const folder = join(root, 'test');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(SOURCE_END) && !path.includes('node_modules'))
    .filter((path) => filters.length === 0 || filters.some((word) => path.includes(word)))
    .sort()
    .map((path) => {
      const name = path.slice(0, -SOURCE_END.length);
      const compiled = join(root, 'dist', 'test', `${name}.test.js`);
      if (!existsSync(compiled)) throw new Error(`${compiled} is missing: run the build`);
      const text = readFileSync(join(folder, path), 'utf8');
      return { name, path: compiled, lane: laneOf(path, text), tools: TOOLS.test(text) };
    });
}

/** What uses the lab needs Ceph. */
function laneOf(path: string, text: string): Lane {
  return path.startsWith('lab/') || /from '[./]+\/lab\//.test(text) ? 'ceph' : 'unit';
}
