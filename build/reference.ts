/** Writes the pages of docs/reference that come from the program. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../src/cli/package.js';
import { references } from './references.js';

const root = packageRoot();
const folder = join(root, 'docs', 'reference');
await mkdir(folder, { recursive: true });
for (const [name, text] of references(join(root, 'dist', 'pannier')))
  await writeFile(join(folder, name), text);
