import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/cli/package.js';

export interface CorpusFile {
  readonly name: string;
  readonly content: Buffer;
}

const FOLDER = join(packageRoot(), 'test', 'spec', 'corpus');

/** Specifications as people write them, in HCL 1 and JSON; Nomad takes each of them. */
export function corpus(): readonly CorpusFile[] {
  return filesIn(FOLDER);
}

/** The same in HCL 2, which Nomad does not read. */
export function hcl2Corpus(): readonly CorpusFile[] {
  return filesIn(join(FOLDER, 'hcl2'));
}

function filesIn(folder: string): readonly CorpusFile[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({ name, content: readFileSync(join(folder, name)) }));
}
