// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is in these strings is HCL.
import t from 'tap';
import type { Context } from '../../../src/spec/parse.js';
import { renderDiagnostics } from '../../../src/spec/render.js';
import { FIELDS, read } from './read.js';

/** A volume whose parameter x is a variable's value as JSON. */
function withVariable(body: string, value = 'jsonencode(var.x)'): string {
  return `variable "x" {\n${body}\n}\nvolume "v" {\n  parameters = { x = ${value} }\n  ${FIELDS}\n}\n`;
}

function valueIn(body: string, context: Partial<Context> = {}) {
  const { specs, told } = read(withVariable(body), context);
  return specs?.[0]?.parameters?.x ?? told;
}

function file(text: string, name = 'vars.hcl') {
  return { file: name, text };
}

t.test('the value that counts is the one that stands nearest', async (t) => {
  const body = '  type = string\n  default = "default"';
  const environment = { NOMAD_VAR_x: 'nomad', PANNIER_VAR_x: 'pannier' };
  const varFiles = [file('x = "one"\n', 'one.hcl'), file('{"x": "two"}', 'two.json')];
  const vars = ['x=first', 'x=last'];
  t.equal(valueIn(body), '"default"');
  t.equal(valueIn(body, { environment: { NOMAD_VAR_x: 'nomad' } }), '"nomad"');
  t.equal(valueIn(body, { environment }), '"pannier"');
  t.equal(valueIn(body, { environment, varFiles: varFiles.slice(0, 1) }), '"one"');
  t.equal(valueIn(body, { environment, varFiles }), '"two"');
  t.equal(valueIn(body, { environment, varFiles, vars }), '"last"');
});

t.test('values become their type', async (t) => {
  const cases: ReadonlyArray<readonly [type: string, given: string, value: string]> = [
    ['string', 'a b', '"a b"'],
    ['string', '', '""'],
    ['string', '${x} "', '"${x} \\""'],
    ['number', '1.50', '1.5'],
    ['bool', 'true', 'true'],
    ['list(string)', '["a", 1]', '["a","1"]'],
    ['set(number)', '[2, 1, 2]', '[1,2]'],
    ['map(string)', '{ a = 1 }', '{"a":"1"}'],
    ['map(list(number))', '{ a = ["1"] }', '{"a":[1]}'],
    ['tuple([string, number])', '[1, "2"]', '["1",2]'],
    ['object({ a = string, b = optional(number) })', '{ a = 1 }', '{"a":"1","b":null}'],
    ['object({ a = optional(string, "d") })', '{}', '{"a":"d"}'],
    ['object({ a = optional(string, "d") })', '{ a = null }', '{"a":"d"}'],
    ['object({ a = string })', '{ a = "x", b = "left out" }', '{"a":"x"}'],
    ['list(object({ a = optional(number, 1) }))', '[{}, { a = "2" }]', '[{"a":1},{"a":2}]'],
    ['any', '[1, "a"]', '[1,"a"]'],
    ['list', '[1, "a"]', '["1","a"]'],
  ];
  for (const [type, given, value] of cases)
    t.equal(valueIn(`  type = ${type}`, { vars: [`x=${given}`] }), value, `${type} of ${given}`);
  t.equal(valueIn('', { vars: ['x=[1]'] }), '"[1]"', 'without a type it is text');
  t.equal(valueIn('', { varFiles: [file('x = [1]\n')] }), '[1]', 'but not in a file');
});

t.test('a file of values is HCL 2 without functions, or JSON', async (t) => {
  const typed = '  type = map(any)';
  const json = '{\n  "x": {"a": 9007199254740993, "b": -1.5e3}\n}\n';
  t.equal(valueIn(typed, { varFiles: [file(json)] }), '{"a":9007199254740993,"b":-1500}');
  t.equal(
    valueIn('  type = any', { varFiles: [file('{"x": [true, null, "a\\u00e9\\n", {}, []]}')] }),
    '[true,null,"aé\\n",{},[]]',
  );
  t.same(valueIn(typed, { varFiles: [file('x = {\n  a = upper("b")\n}\n')] }), [
    'E vars.hcl:2:7 There is no function "upper"',
  ]);
  t.same(valueIn(typed, { varFiles: [file('x = {\n  a = 1\n')] }).slice(0, 1), [
    'E 1:10 The variable "x" has no value',
  ]);
  t.same(read(withVariable(typed), { varFiles: [file('{\n"x": }')] }).told.slice(-1), [
    'E vars.hcl:2:6 This is not JSON',
  ]);
});

const TOLD: ReadonlyArray<
  readonly [name: string, body: string, context: Partial<Context>, told: readonly string[]]
> = [
  ['a value that is missing', '  type = string', {}, ['E 1:10 The variable "x" has no value']],
  [
    'a default of another type',
    '  type = number\n  default = "a"',
    {},
    ['E 3:13 The default of the variable "x" is not of its type'],
  ],
  [
    'a value of another type',
    '  type = number',
    { vars: ['x=a'] },
    ['E -var x:1:1 The value of the variable "x" is not of its type'],
  ],
  [
    'a value of another type in a file',
    '  type = list(number)',
    { varFiles: [file('\nx = ["a"]\n')] },
    ['E vars.hcl:2:5 The value of the variable "x" is not of its type'],
  ],
  [
    'a value that cannot be read',
    '  type = list(number)',
    { environment: { NOMAD_VAR_x: '[1' } },
    ['E NOMAD_VAR_x:1:1 This "[" is never closed'],
  ],
  [
    '-var for a variable that there is not',
    '  default = "a"',
    { vars: ['xx=1', 'y'] },
    ['E -var xx:1:1 There is no variable "xx" [x]', 'E -var y:1:1 There is no variable "y" [x]'],
  ],
  [
    'a file with a value for a variable that there is not',
    '  default = "a"',
    { varFiles: [file('xx = 1\n')] },
    ['W vars.hcl:1:6 There is no variable "xx" [x]'],
  ],
  ['the environment may hold more', '  default = "a"', { environment: { PANNIER_VAR_y: '' } }, []],
  [
    'a type that is none',
    '  type = strng\n  default = null',
    {},
    ['E 2:10 There is no type "strng" [string]'],
  ],
  ['a quoted type', '  type = "string"\n  default = ""', {}, ['E 2:10 This is no type']],
  [
    'unknown arguments and blocks',
    '  defualt = 1\n  default = 1\n  valdation {\n  }',
    {},
    [
      'E 2:3 Unknown "defualt" in a variable [default]',
      'E 4:3 Unknown "valdation" in a variable [validation]',
    ],
  ],
  [
    'a default that refers to something',
    '  default = local.a',
    {},
    ['E 2:13 local means nothing here'],
  ],
  [
    'a validation that fails, at the value',
    '  validation {\n    condition = length(var.x) > 2\n    error_message = "Too short."\n  }',
    { vars: ['x=ab'] },
    ['E -var x:1:1 The value of the variable "x" is not allowed'],
  ],
  [
    'a validation that fails, at the default',
    '  default = "ab"\n  validation {\n    condition = can(regex("^a$", var.x))\n    error_message = "Not a."\n  }',
    {},
    ['E 2:13 The value of the variable "x" is not allowed'],
  ],
  [
    'a validation without a message',
    '  default = "ab"\n  validation {\n    condition = true\n  }',
    {},
    ['E 3:3 A validation needs a condition and an error_message'],
  ],
];

for (const [name, body, context, told] of TOLD)
  t.test(name, async (t) => t.same(read(withVariable(body), context).told, told));

t.test('what is missing names the ways to give it', async (t) => {
  const { diagnostics } = read(withVariable(''));
  t.match(diagnostics[0]?.detail, /-var x=….*-var-file.*PANNIER_VAR_x.*NOMAD_VAR_x.*default/);
});

t.test('the message of a validation is shown with the value that it is about', async (t) => {
  const { diagnostics, sources } = read(
    withVariable(
      '  validation {\n    condition = var.x != "ab"\n    error_message = "${var.x} is taken."\n  }',
    ),
    { vars: ['x=ab'] },
  );
  t.equal(
    renderDiagnostics(diagnostics, sources, { colour: false }),
    `Error: The value of the variable "x" is not allowed

  on -var x:1:1
  1 | ab
    | ^^

  ab is taken.`,
  );
});

t.test('values for a file without variables are not lost in silence', async (t) => {
  const flat = `type = "csi"\nid = "i"\nname = "n"\n${FIELDS}\n`;
  t.same(read(flat, { vars: ['size=1'] }).told, ['E -var size:1:1 There is no variable "size"']);
  t.ok(read(flat).specs);
});

t.test('two declarations of one variable', async (t) => {
  const text = `variable "x" {\n  default = 1\n}\nvariable "x" {\n}\nvariable {\n}\nvariable "a" "b" {\n}\n`;
  t.same(read(text).told.slice(0, 4), [
    'E There is no volume in this file',
    'E 4:10 The variable "x" is declared twice',
    'E 6:1 This variable has no name',
    'E 8:14 A variable has one name',
  ]);
});
