import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../../src/cli/package.js';
import { formatText } from '../../../src/spec/format/text.js';
import { corpus, hcl2Corpus } from '../corpus.js';
import { runNomad } from './cli.js';

/** Files that HCL 2 cannot read, so that nomad fmt leaves them. */
const HCL1_ONLY = ['heredocs.hcl', 'everything.hcl', 'numbers.hcl', 'topology.hcl'];
/** In HCL 1 nothing is computed in a string; nomad fmt lays it out all the same. */
const TEMPLATES_KEPT = ['templates.hcl'];

const FILES = [
  ...corpus().filter(({ name }) => name.endsWith('.hcl')),
  ...hcl2Corpus(),
  ...['jobspecs/nomad/data.volume.hcl'].map((name) => ({
    name,
    content: readFileSync(join(packageRoot(), name)),
  })),
];

/** What is done besides: one blank line of several, none at the ends, and a last line that ends. */
function withoutBlankLines(text: string): string {
  return `${text.trim().replace(/(\r?\n)(?:[ \t]*\r?\n){2,}/g, '$1$1')}\n`;
}

t.jobs = 2;

for (const { name, content } of FILES)
  t.test(`${name} is laid out as nomad fmt lays it out`, async (t) => {
    const { text = '' } = formatText(content, name);
    const { code, output } = await runNomad(['fmt', '-'], content);
    if (HCL1_ONLY.includes(name)) {
      t.equal(code, 1, output);
      return;
    }
    t.equal(code, 0, output);
    if (!TEMPLATES_KEPT.includes(name))
      t.equal(text.replaceAll('\r', ''), withoutBlankLines(output).replaceAll('\r', ''));
    const again = await runNomad(['fmt', '-check', '-'], text);
    t.equal(again.code, TEMPLATES_KEPT.includes(name) ? 1 : 0, again.output);
  });
