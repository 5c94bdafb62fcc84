import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/cli/package.js';
import { usage } from '../../src/spec/hcl2/evaluate/call.js';
import { FUNCTIONS } from '../../src/spec/hcl2/functions/index.js';
import { parseSpec } from '../../src/spec/parse.js';

const PAGES = ['reference/hcl2.md', 'guides/many-volumes-from-one-file.md', 'guides/secrets.md'];

function page(name: string): string {
  return readFileSync(join(packageRoot(), 'docs', name), 'utf8');
}

t.test('every function is in the reference, with its arguments', async (t) => {
  const described = new Set(
    [...page('reference/hcl2.md').matchAll(/`(\w+\([a-z_.,… ]*\))`/g)].map(([, call]) => call),
  );
  for (const [name, func] of FUNCTIONS) t.ok(described.has(usage(name, func)), usage(name, func));
});

const VALUES = ['size=1GiB', 'tier=X', 'pool=rbd', 'sizes={ a = "1GiB" }', 'ceph_key=x'];

t.test('the examples are valid', async (t) => {
  for (const name of PAGES)
    for (const [, text = ''] of page(name).matchAll(/^```hcl\n([\s\S]*?)^```$/gm)) {
      const declared = VALUES.filter((value) => text.includes(`variable "${value.split('=')[0]}"`));
      const errors = parseSpec(text, name, { vars: declared }).diagnostics.filter(
        ({ summary }) =>
          // Parts that stand by themselves.
          !summary.startsWith('There is no volume') && summary !== 'There is no variable "tier"',
      );
      t.same(errors, [], text);
    }
});
