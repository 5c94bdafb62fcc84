// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is in these strings is HCL.
import t from 'tap';
import { parseSpec } from '../../../src/spec/parse.js';
import { renderDiagnostics } from '../../../src/spec/render.js';
import { evaluateText } from './ours.js';
import { FIELDS, read } from './read.js';

/** An expression, with what is wrong in it between « and », and what is told. */
const MISTAKES: ReadonlyArray<readonly [marked: string, told: string]> = [
  ['1 +«»', 'A value is missing here'],
  ['«*» 2', 'A value is missing here'],
  ['[1, 2«»', 'This "[" is never closed'],
  ['«[»1, 2', 'This "[" is never closed'],
  ['«"»abc', 'This string is never closed'],
  ['«<<E\n»abc\n', 'This heredoc is never closed'],
  ['"a «\\x» b"', '"\\x" is not an escape'],
  ['"a «\\u12»"', '"\\u12" is not an escape'],
  ['"${1 «2»}"', 'The end of this "${" is missing'],
  ['"«%{ endfi» }"', 'This directive is not known [endif]'],
  ['"«%{ if true }»a"', 'This directive is never ended'],
  ['"a«%{ endif }»"', '"endif" without a beginning'],
  ['"%{ if true }a«%{ endfor }»"', '"endfor" cannot stand here'],
  ['[for x «[»1] : x]', '"in" is missing here'],
  ['[for x in [1] : x «=>» 1]', 'A "for" in brackets has no keys'],
  ['{for x in [1] : «x»}', 'A "for" in braces needs keys'],
  ['{ a «"»b" }', 'A value for this key is missing'],
  ['true ? 1«»', 'A condition needs two results'],
  ["«'»a'", '"\'" means nothing here'],
  ['1 «;»', '";" means nothing here'],
  ['true «&» false', '"&" means nothing here'],
  ['«/»* never closed', 'This comment is never closed'],
  ['a.«0.1»', 'Two indices in a row need brackets'],
  ['«foo»', 'foo needs quotes'],
  ['«foo».bar', 'foo means nothing here'],
  ['«True»', '"True" is not a boolean'],
  ['«uper»("a")', 'There is no function "uper" [upper]'],
  ['upper(«[]»)', 'The argument "string" of upper() does not fit'],
  ['upper("a", «"b"»)', 'There are too many arguments'],
  ['«replace("a", "b")»', 'The argument "by" is missing'],
  ['max(«{}»...)', 'Only a list can be expanded'],
  ['1 + «"a"»', '"+" cannot be used with this value'],
  ['«null» < 1', '"<" cannot be used with this value'],
  ['1 / «0»', 'This divides by zero'],
  ['«1» ? 2 : 3', 'A condition is true or false'],
  ['true ? «1 : []»', 'The two results of this condition do not fit together'],
  ['[1]«[1]»', 'There is no such element'],
  ['{ alpha = 1 }.«beta»', 'There is no attribute "beta" here'],
  ['{ name = 1 }.«nmae»', 'There is no attribute "nmae" here [name]'],
  ['[1].«a»', 'There is no attribute "a" here'],
  ['{ «(null)» = 1 }', 'This cannot be a key'],
  ['{ «a.b» = 1 }', 'This key could mean two things'],
  ['"<${«[]»}>"', 'This value cannot be put into text'],
  ['"<${«null»}>"', 'This value cannot be put into text'],
  ['[for x in «1» : x]', 'There is nothing to go through here'],
  ['{for x in ["a", "a"] : «x» => 1}', 'Two elements have the same key here'],
  ['regex("x", «"abc"»)', 'regex() cannot do this'],
  ['regex(«"("», "abc")', 'regex() cannot do this'],
  ['element(«[]», 0)', 'element() cannot do this'],
  ['jsondecode(«"{"»)', 'jsondecode() cannot do this'],
  ['format(«"%z"», 1)', 'format() cannot do this'],
  ['format("%d", «"x"»)', 'format() cannot do this'],
  ['base64decode(«"?"»)', 'base64decode() cannot do this'],
  ['tonumber(«"x"»)', 'tonumber() cannot do this'],
  ['«try(1 / 0, null.a)»', 'None of the expressions in try() has a value'],
  ['«can()»', 'can() takes one argument'],
  ['substr("a", «1.5», 1)', 'substr() cannot do this'],
  ['range(1, 5, «0»)', 'range() cannot do this'],
  ['indent(«100000», "a")', 'indent() cannot do this'],
];

for (const [marked, told] of MISTAKES)
  t.test(marked, async (t) => {
    const start = marked.indexOf('«');
    const text = marked.replace(/[«»]/g, '');
    const { diagnostics } = evaluateText(text);
    const mine = diagnostics.find(
      ({ summary, guess }) => told === (guess === undefined ? summary : `${summary} [${guess}]`),
    );
    if (mine === undefined) return t.fail(JSON.stringify(diagnostics));
    // An empty mark is where the text ends: what is told there may begin elsewhere.
    if (marked.includes('«»')) return t.pass();
    const end = marked.indexOf('»') - 1;
    const { range } = mine;
    return t.same([range?.start.offset, range?.end.offset], [start, end], marked);
  });

t.test('a mistake is told once, however often it is met', async (t) => {
  t.equal(
    read(`volume "v" {\n  name = join("", [for x in [1, 2, 3] : x.y])\n  ${FIELDS}\n}\n`).told
      .length,
    1,
  );
});

t.test('a report shows the part of the expression', async (t) => {
  const { diagnostics, sources } = read(
    `variable "size" {\n  default = 1\n}\nvolume "v" {\n  capacity_min = "\${var.sise * 2}GiB"\n  ${FIELDS}\n}\n`,
  );
  t.equal(
    renderDiagnostics(diagnostics, sources, { colour: false }),
    `Error: There is no variable "sise"

  on f:5:25
  5 |   capacity_min = "\${var.sise * 2}GiB"
    |                         ^^^^

  Did you mean "size"? Known is size.`,
  );
});

t.test('no text makes the reader fail, and every mistake has a place', async (t) => {
  const whole = `variable "x" {
  type    = object({ a = string, b = optional(list(number), [1]) })
  default = { a = "é\${1}" }
  validation {
    condition     = length(var.x.b) > 0 && can(regex("^.$", var.x.a))
    error_message = <<-E
      %{ for i, y in var.x.b ~}
      \${i}: \${y}
      %{ endfor ~}
    E
  }
}
locals {
  all = { for k, v in { p = 1 } : upper(k) => v... if v != null }
}
volume "v" {
  for_each   = toset(["a"]) // comment
  parameters = merge(local.all[*]..., { "x" : var.x.a, y = -1 ? null : each.key })
  /* comment */
  ${FIELDS}
}
`;
  for (let at = 0; at <= whole.length; at += 3)
    for (const text of [
      whole.slice(0, at),
      whole.slice(at),
      `${whole.slice(0, at)}${whole.slice(at + 1)}`,
      `${whole.slice(0, at)}"${whole.slice(at)}`,
      `${whole.slice(0, at)}}${whole.slice(at)}`,
    ]) {
      const { specs, diagnostics } = parseSpec(text, 'f');
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      if ((specs === undefined) !== errors.length > 0)
        t.fail(`at ${at}: ${JSON.stringify(diagnostics)}`);
    }
  t.pass(`${whole.length} places`);
});

t.test('what is nested beyond reason is told, and nothing falls over', async (t) => {
  const many = 20_000;
  for (const text of [
    '['.repeat(many),
    '('.repeat(many),
    '{ a = '.repeat(many),
    '!'.repeat(many),
    `${'true ? 1 : '.repeat(many)}1`,
    `1${' + 1'.repeat(many)}`,
    `x${'.a'.repeat(many)}`,
    `x${'[0]'.repeat(many)}`,
    '"${'.repeat(many),
    `upper(`.repeat(many),
    `[for x in `.repeat(many),
    `"${'%{ if true }'.repeat(many)}"`,
  ])
    t.ok(evaluateText(text).diagnostics.length > 0, text.slice(0, 20));
  const blocks = read(`volume "v" {\n${'a {\n'.repeat(many)}`);
  t.ok(blocks.diagnostics.length > 0);
});
