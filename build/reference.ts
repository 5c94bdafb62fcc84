/** Writes docs/reference/commands.md from the commands. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Commands } from '../src/cli/commands.js';
import { packageRoot } from '../src/cli/package.js';
import { commandsReference } from '../src/cli/reference.js';

const root = packageRoot();
const folder = join(root, 'docs', 'reference');
await mkdir(folder, { recursive: true });
const config = new Commands(join(root, 'dist', 'pannier'));
await writeFile(join(folder, 'commands.md'), commandsReference(config));
