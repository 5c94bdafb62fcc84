import t from 'tap';
import { Source } from '../../../src/spec/hcl/source.js';
import { fromJson, toJson } from '../../../src/spec/hcl2/functions/json.js';
import { parseBody } from '../../../src/spec/hcl2/syntax/body.js';
import type { Type, Value } from '../../../src/spec/hcl2/value/model.js';
import { entriesOf, isWhollyKnown, itemsOf } from '../../../src/spec/hcl2/value/value.js';
import { BODIES, EXPRESSIONS } from './corpus.js';
import { type Answer, askHashicorp } from './hashicorp.js';
import { evaluateText } from './ours.js';

/** A type as HashiCorp's library writes it in JSON. */
function typeJson(type: Type): unknown {
  switch (type.kind) {
    case 'any':
      return 'dynamic';
    case 'list':
    case 'set':
    case 'map':
      return [type.kind, typeJson(type.element)];
    case 'tuple':
      return ['tuple', type.elements.map(typeJson)];
    case 'object':
      return [
        'object',
        Object.fromEntries([...type.attributes].map(([name, { type }]) => [name, typeJson(type)])),
      ];
    default:
      return type.kind;
  }
}

/** As text, the elements of sets in the order of their texts: a set of anything but text or numbers has none. */
function canonical(type: Value | undefined, value: Value | undefined): string {
  const [kind, inner] = (type && itemsOf(type)) ?? [];
  const items = value && itemsOf(value);
  const entries = value && entriesOf(value);
  const innerOf = (key: string | number) => {
    if (kind?.content === 'object') return inner && entriesOf(inner)?.get(String(key));
    return kind?.content === 'tuple' ? inner && itemsOf(inner)?.[Number(key)] : inner;
  };
  if (items !== undefined) {
    const texts = items.map((item, at) => canonical(innerOf(at), item));
    return `[${(kind?.content === 'set' ? texts.sort() : texts).join()}]`;
  }
  if (entries !== undefined)
    return `{${[...entries].map(([key, item]) => `${key}=${canonical(innerOf(key), item)}`).join()}}`;
  return value === undefined ? '' : toJson(value);
}

function told(type: Value | undefined, value: Value | undefined): string {
  return `${type === undefined ? '' : toJson(type)} ${canonical(type, value)}`;
}

function theirs({ line, error }: Answer): string {
  if (error !== undefined) return 'refused';
  const answer = entriesOf(fromJson(line) as Value);
  if (answer === undefined) return '"dynamic" null';
  return told(answer.get('type'), answer.get('value'));
}

function ours(text: string): string {
  const { value, diagnostics } = evaluateText(text);
  if (diagnostics.some(({ severity }) => severity === 'error')) return 'refused';
  if (!isWhollyKnown(value)) return 'unknown';
  return told(fromJson(JSON.stringify(typeJson(value.type))), value);
}

/** Where ours differs on purpose: as Terraform has it, not as the library. */
const DIFFERENT = [
  // There an infinity, which nothing can be done with; here an error.
  /[/%] \(?0/,
  // There false, here an error.
  /null (&&|\|\|)|(&&|\|\|) null/,
  // There unknown.
  /^tostring\(null\) == null$|^contains\(.*, null\)/,
  // There refused, or an object although all arguments are maps.
  /^to(list|set)\(\[.*null|^merge\(.*null/,
  // There only of text, although numbers convert to it.
  /^parseint\((?!")/,
  // One in the last digit: the libraries of mathematics differ.
  /^pow\("3", -2.5\)/,
  // The first that is neither null nor empty.
  /^coalesce\(""/,
];

t.test("expressions have the values that HashiCorp's own evaluator gives", async (t) => {
  const answers = await askHashicorp(EXPRESSIONS.map((expression) => ({ expression })));
  const wrong = EXPRESSIONS.flatMap((expression, at) => {
    const [expected, got] = [theirs(answers[at] as Answer), ours(expression)];
    if (expected === got || DIFFERENT.some((pattern) => pattern.test(expression))) return [];
    return [`${expression}\n  theirs: ${expected} ${answers[at]?.error ?? ''}\n  ours:   ${got}`];
  });
  t.equal(wrong.length, 0, wrong.slice(0, 200).join('\n'));
});

t.test("files are read or refused as by HashiCorp's own parser", async (t) => {
  const answers = await askHashicorp(BODIES.map((body) => ({ body })));
  for (const [at, body] of BODIES.entries()) {
    const { diagnostics } = parseBody(new Source(body, 'f'));
    t.equal(diagnostics.length > 0, answers[at]?.error !== undefined, JSON.stringify(body));
  }
});
