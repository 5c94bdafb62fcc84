import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { references } from '../../build/references.js';
import { packageRoot } from '../../src/cli/package.js';

t.test(
  'the generated references are what the program says: npm run docs writes them',
  async (t) => {
    const root = packageRoot();
    const pages = references(join(root, 'dist', 'pannier'));
    t.same([...pages.keys()], ['commands.md', 'configuration.md', 'errors.md']);
    for (const [name, text] of pages)
      t.equal(readFileSync(join(root, 'docs/reference', name), 'utf8'), text, name);
  },
);
