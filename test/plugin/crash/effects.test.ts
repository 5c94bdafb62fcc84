import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../../src/cli/package.js';
import { EFFECTS } from '../../../src/volume/effects.js';
import { ELSEWHERE, FILES } from './files.js';

// That a file leaves out no effect of its calls is a matter of types: EffectsIn. This is about the files.
t.test('every call has a test file that kills the plugin after each of its effects', async (t) => {
  t.same([...Object.keys(FILES), ...Object.keys(ELSEWHERE)].sort(), Object.keys(EFFECTS).sort());
  const textOf = (...path: string[]) =>
    readFileSync(join(packageRoot(), 'test', 'plugin', ...path), 'utf8');
  for (const file of new Set(Object.values(FILES)))
    t.match(textOf('crash', `${file}.test.ts`), `EffectsIn<'${file}'>`);
  for (const [call, file] of Object.entries(ELSEWHERE))
    t.match(textOf(`${file}.test.ts`), `of EFFECTS.${call}`);
});
