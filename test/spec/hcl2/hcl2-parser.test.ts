// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is in these strings is HCL.
import { createRequire } from 'node:module';
import t from 'tap';
import { Source } from '../../../src/spec/hcl/source.js';
import { isHcl2 } from '../../../src/spec/hcl2/check.js';
import { evaluate } from '../../../src/spec/hcl2/evaluate.js';
import { fromJson, toJson } from '../../../src/spec/hcl2/functions/json.js';
import { parseBody } from '../../../src/spec/hcl2/syntax/body.js';
import type { Body } from '../../../src/spec/hcl2/syntax/tree.js';
import type { Value } from '../../../src/spec/hcl2/value/model.js';
import { object, tuple } from '../../../src/spec/hcl2/value/value.js';
import { BODIES, WRITTEN } from './corpus.js';
import { NOWHERE } from './ours.js';

const { parseToString } = createRequire(import.meta.url)('hcl2-parser') as {
  parseToString(text: string): readonly [string, unknown];
};

function accepts(text: string): boolean {
  return parseBody(new Source(text, 'f')).diagnostics.length === 0;
}

/** What hcl2-parser cannot do. */
const BEYOND_IT = [
  // Names of functions in a namespace are younger than it.
  /::/,
  // It cannot write this key, although its grammar takes it.
  /\{ null = /,
];

t.test('what HCL 2 is and what not is the same for both', async (t) => {
  const texts = [...BODIES, ...WRITTEN.map((expression) => `a = ${expression}\n`)];
  for (const text of texts)
    if (!BEYOND_IT.some((pattern) => pattern.test(text)))
      t.equal(accepts(text), isHcl2(text), JSON.stringify(text));
});

/** A body as hcl2-parser writes it: blocks as lists under their types and labels. */
function asJson(body: Body): Value {
  const entries = new Map<string, Value>();
  const blocks = new Map<string, Value[]>();
  for (const item of body.items)
    if (item.kind === 'attribute') {
      const scope = {
        names: new Map(),
        functions: new Map(),
        host: NOWHERE,
        want: () => {},
        report: () => {},
      };
      entries.set(item.name.value, evaluate(item.value, scope));
    } else {
      const inner = item.labels.reduceRight<Value>(
        (value, { value: label }) => object([[label, tuple([value])]]),
        asJson(item.body),
      );
      blocks.set(item.type.value, [...(blocks.get(item.type.value) ?? []), inner]);
    }
  for (const [type, found] of blocks) entries.set(type, tuple(found));
  return object(entries);
}

t.test('literal values are the same for both', async (t) => {
  const texts = [
    'a = "x"\nb = 1\nc = true\nd = null\n',
    'a = 9007199254740993\nb = 1.50\nc = -2.5e-3\nd = 007\ne = 123456789012345678901234567890\n',
    'a = "é\\u00e9\\U0001F600 \\"q\\" \\\\ \\n \\t"\n',
    'a = [1, "x", [true], { b = null }]\n',
    'a = {\n  b = 1\n  "c d" = 2, e: 3\n  4 = 5\n}\n',
    'a = <<E\nx\n  y\nE\nb = <<-E\n    x\n      y\n    E\n',
    'a = ""\nb = []\nc = {}\n',
    'a {\n  b = 1\n  c {\n    d = "x"\n  }\n  c {\n    d = "y"\n  }\n}\n',
    '# one\na = 1 // two\n/* three */\nb = 2\n',
    'a-b = "%% $ $$ %"\n_c = "}{"\n',
  ];
  for (const text of texts) {
    const [theirs] = parseToString(text);
    const ours = toJson(asJson(parseBody(new Source(text, 'f')).tree));
    t.equal(ours, toJson(fromJson(theirs) as Value), text);
  }
});
