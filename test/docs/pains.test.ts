import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/cli/package.js';

const POINTS = 26;

function read(...path: string[]): string {
  return readFileSync(join(packageRoot(), ...path), 'utf8');
}

t.test('each pain of CSI on Nomad names a test that there is', async (t) => {
  const rows = read('docs', 'reference', 'nomad-pains.md').matchAll(/^\| (\d+) \|(.*)\|$/gm);
  const numbers: number[] = [];
  for (const [, number, cells = ''] of rows) {
    numbers.push(Number(number));
    const [, file = '', name = ''] = /`(test\/\S+\.test\.ts)`: "(.+)" $/.exec(cells) ?? [];
    t.ok(file, `${number} names a test`);
    if (file) t.ok(read(file).includes(name), `${file}: ${name}`);
    t.match(cells, /\| (?:prevents|mends|explains)[^|]* \|/, `${number} says what becomes of it`);
  }
  t.same(
    numbers,
    Array.from({ length: POINTS }, (_, index) => index + 1),
  );
});
