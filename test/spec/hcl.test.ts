import t from 'tap';
import type { Diagnostic } from '../../src/spec/diagnostic.js';
import { type Body, contentOf, keysOf, type Value } from '../../src/spec/hcl/ast.js';
import { integerOf, numberOf } from '../../src/spec/hcl/numbers.js';
import { parseHcl } from '../../src/spec/hcl/parse.js';
import { parseSpec } from '../../src/spec/parse.js';

/** A body as plain data: keys joined by blanks, numbers as written. */
function plain(body: Body): unknown[] {
  return body.items.map((item) => [
    keysOf(item)
      .map(({ value }) => value)
      .join(' '),
    plainValue(contentOf(item)),
  ]);
}

function plainValue(value: Value): unknown {
  switch (value.kind) {
    case 'string':
    case 'bool':
      return value.value;
    case 'number':
      return { number: value.raw };
    case 'list':
      return { list: value.items.map(plainValue) };
    case 'object':
      return plain(value.body);
    case 'invalid':
      return { invalid: true };
  }
}

function read(text: string | Uint8Array): unknown {
  const { body, diagnostics } = parseHcl(text, 'f');
  t.same(diagnostics, [], `no diagnostics for ${JSON.stringify(String(text))}`);
  return plain(body);
}

/** "line:column-column summary", or "line:column-line:column summary" where it spans lines. */
function place({ range, summary }: Diagnostic): string {
  if (range === undefined) return summary;
  const { start, end } = range;
  const until = end.line === start.line ? `${end.column}` : `${end.line}:${end.column}`;
  return `${start.line}:${start.column}-${until} ${summary}`;
}

function mistakes(text: string | Uint8Array): string[] {
  return parseHcl(text, 'f').diagnostics.map(place);
}

t.test('HCL 1 takes what Nomad takes', async (t) => {
  const cases: Array<[name: string, text: string, result: unknown]> = [
    ['nothing', '', []],
    ['an attribute', 'a = "x"', [['a', 'x']]],
    [
      'no line end at the end',
      'a = 1\nb = 2',
      [
        ['a', { number: '1' }],
        ['b', { number: '2' }],
      ],
    ],
    ['tabs', '\ta\t=\ttrue\t\n', [['a', true]]],
    [
      'Windows line ends',
      'a = 1\r\nb = 2\r\n',
      [
        ['a', { number: '1' }],
        ['b', { number: '2' }],
      ],
    ],
    [
      'line ends of a carriage return alone',
      'a = 1\rb = 2\r',
      [
        ['a', { number: '1' }],
        ['b', { number: '2' }],
      ],
    ],
    [
      'several attributes in a line',
      'a = 1 b = 2',
      [
        ['a', { number: '1' }],
        ['b', { number: '2' }],
      ],
    ],
    [
      'commas between attributes',
      'a = 1, b = 2,',
      [
        ['a', { number: '1' }],
        ['b', { number: '2' }],
      ],
    ],
    ['a value on the next line', 'a\n=\n"x"', [['a', 'x']]],
    ['a block', 'a {\n  b = "x"\n}', [['a', [['b', 'x']]]]],
    [
      'one-line nested blocks',
      'topology { segments { rack = "R1" } }',
      [['topology', [['segments', [['rack', 'R1']]]]]],
    ],
    [
      'bodies with commas',
      's { rack = "R2", zone = "x" }',
      [
        [
          's',
          [
            ['rack', 'R2'],
            ['zone', 'x'],
          ],
        ],
      ],
    ],
    ['an object behind "="', 'a = { b = "x" }', [['a', [['b', 'x']]]]],
    ['quoted keys in blocks', 'a { "b" = "x" }', [['a', [['b', 'x']]]]],
    ['quoted keys with blanks', '"a b" = "x"', [['a b', 'x']]],
    ['dotted keys', 'csi.fs = "x"', [['csi.fs', 'x']]],
    ['keys of other alphabets', 'größe = "x"', [['größe', 'x']]],
    ['labels, with quotes and without', 'a "b" c { }', [['a b c', []]]],
    ['comments of three kinds', '# x\n// x\n/* x\n */ a = 1 # x', [['a', { number: '1' }]]],
    ['comments between key and value', 'a /* x */ = # y\n 1', [['a', { number: '1' }]]],
    ['a list', 'a = ["x", 1, true]', [['a', { list: ['x', { number: '1' }, true] }]]],
    ['a comma behind the last element', 'a = ["x",\n]', [['a', { list: ['x'] }]]],
    ['commas too many in a list', 'a = [,"x",,]', [['a', { list: ['x'] }]]],
    [
      'lists in a list without commas',
      'a = [["x"] ["y"]]',
      [['a', { list: [{ list: ['x'] }, { list: ['y'] }] }]],
    ],
    ['objects in a list', 'a = [{b = "x"}, {}]', [['a', { list: [[['b', 'x']], []] }]]],
    [
      'numbers of every kind',
      'a = [0777, 0x1F, -5, 1.50, 1e3, .5, 1., 0159.2, 1.5E-3]',
      [
        [
          'a',
          {
            list: ['0777', '0x1F', '-5', '1.50', '1e3', '.5', '1.', '0159.2', '1.5E-3'].map(
              (number) => ({ number }),
            ),
          },
        ],
      ],
    ],
    ['escapes', 'a = "\\a\\t\\"\\\\\\x41\\101\\u00e9\\U0001F600"', [['a', '\u0007\t"\\AAé😀']]],
    ['bytes in escapes that make a character', 'a = "\\xc3\\xa9"', [['a', 'é']]],
    [
      'a template as it stands, quotes and all',
      `a = "\${lookup("a","b")} $\${x}"`,
      [['a', `\${lookup("a","b")} $\${x}`]],
    ],
    ['a template over lines', `a = "\${x\n}"`, [['a', `\${x\n}`]]],
    ['other template languages', 'a = "{{ x }} [[ .my.x ]]"', [['a', '{{ x }} [[ .my.x ]]']]],
    [
      'a heredoc',
      'a = <<EOF\nx\n  y\nEOF\nb = 1',
      [
        ['a', 'x\n  y\n'],
        ['b', { number: '1' }],
      ],
    ],
    ["a heredoc's indented end, whose indent stays", 'a = <<EOF\nx\n  EOF\n', [['a', 'x\n  ']]],
    [
      'a heredoc that loses its indent',
      'a = <<-EOF\n    x\n      y\n    EOF\n',
      [['a', 'x\n  y\n']],
    ],
    ['a heredoc of which a line is indented less', 'a = <<-EOF\n  x\n    EOF\n', [['a', '  x\n']]],
    ['a heredoc with Windows line ends', 'a = <<EOF\r\nx\r\nEOF\r\n', [['a', 'x\n']]],
  ];
  for (const [name, text, result] of cases) t.test(name, async (t) => t.same(read(text), result));
});

t.test('HCL 1 refuses what Nomad refuses, and says where', async (t) => {
  const cases: Array<[name: string, text: string | Uint8Array, mistakes: string[]]> = [
    ['a bare word', 'a = foo', ['1:5-8 foo needs quotes']],
    ['a variable', 'a = var.x', ['1:5-10 "var.x" is an expression']],
    ['a function', 'a = upper("x")', ['1:5-10 "upper" is an expression']],
    ['a truth in capitals', 'a = True', ['1:5-9 "True" is not a boolean']],
    ['null', 'a = null', ['1:5-9 There is no null']],
    ['a colon', 'a: "x"', ['1:2-3 HCL 1 has no ":"']],
    ['single quotes', "a = 'x'\nb = 1", ['1:5-8 Strings stand in double quotes']],
    ['typographic quotes', 'a = “x”', ['1:5-8 Strings stand in double quotes']],
    ['a number with a unit', 'a = 10GiB', ['1:5-10 10GiB needs quotes']],
    ['an octal number that is none', 'a = 08', ['1:5-7 08 is not a number that can be used']],
    [
      'a number over 64 bits',
      'a = 9223372036854775808',
      ['1:5-24 9223372036854775808 is not a number that can be used'],
    ],
    [
      'a hexadecimal number without digits',
      'a = 0x',
      ['1:5-7 0x is not a number that can be used'],
    ],
    ['a sum', 'a = + 1', ['1:5-6 "+" cannot stand here']],
    ['a key without a value', 'a\nb = 1', ['1:1-2 "a" has no value']],
    ['a key at the end', 'a = 1\nb', ['2:1-2 "b" has no value']],
    ['"=" at the end', 'a =', ['1:4-4 A value is expected, not the end of the file']],
    ['"=" at the end of a line', 'a =\nb = 1', ['1:3-4 Nothing follows this "="']],
    ['a label before "="', 'a b = 1', ['1:1-4 One key stands before "="']],
    ['a number as a key', '1 = 2', ['1:1-2 "1" where a key is expected']],
    ['a brace too many', 'a = 1\n}\nb = 2', ['2:1-2 This brace closes nothing']],
    ['a block that is not closed', 'a {\n  b = 1\n', ['1:3-4 This "{" is never closed']],
    ['a list that is not closed', 'a = ["x"\nb = 1', ['1:5-6 This "[" is never closed']],
    ['a list without commas', 'a = ["x" "y"]', ['1:10-13 A comma is missing']],
    ['a bare word in a list', 'a = ["x", foo, "y"]', ['1:11-14 foo needs quotes']],
    ['a string that is not closed', 'a = "x\nb = 1', ['1:5-7 This string is never closed']],
    [
      'a template that is not closed',
      `a = "\${x"\nb = 1`,
      [`1:5-10 This string or a "\${" in it is never closed`],
    ],
    ['an unknown escape', 'a = "x\\qy"', ['1:7-9 "\\q" is not an escape']],
    ['an escape over a byte', 'a = "\\777"', ['1:5-11 This string cannot be read']],
    ['a comment that is not closed', 'a = 1 /* x', ['1:7-9 This comment is never closed']],
    ['half a comment', 'a = 1\n/ x', ['2:1-2 "/" cannot stand here']],
    ['a heredoc that is not closed', 'a = <<EOF\nx\n', ['1:5-2:1 This heredoc is never closed']],
    [
      'a heredoc whose end ends the file',
      'a = <<EOF\nx\nEOF',
      ['1:5-2:1 This heredoc is never closed'],
    ],
    ['a heredoc marker in quotes', 'a = <<"EOF"\nb = 1\n', ['1:5-7 A heredoc needs a marker']],
    [
      'an end of <<- that is not indented',
      'a = <<-EOF\n  x\nEOF\n',
      ['1:5-2:1 This heredoc is never closed'],
    ],
    ['a byte order mark', '\ufeffa = 1', ['1:1-2 The file begins with a byte order mark']],
    [
      'bad UTF-8, even in a comment',
      Buffer.from('a = 1\n# \xe9\n', 'latin1'),
      ['2:3-4 This is not UTF-8'],
    ],
    ['a zero byte', 'a = "\0"', ['1:6-7 A character that no specification may hold']],
    ['nesting without end', `a = ${'['.repeat(200)}`, ['1:105-106 Nested too deep']],
  ];
  for (const [name, text, expected] of cases)
    t.test(name, async (t) => {
      t.same(mistakes(text), expected);
    });
});

t.test('all mistakes are reported at once, and what is right is read all the same', async (t) => {
  const text = `type = csi
id = 'data'
name : "x"
capacity_min = 10GiB
mount_options { fs_type = "xfs" mount_flags = ["a" "b", foo] }
parameters = { rack = R1, zone = "x" }
x = var.foo + 1
y = "a\\qb"
last = "read"
`;
  const { body, diagnostics } = parseHcl(text, 'f');
  t.same(diagnostics.map(place), [
    '1:8-11 csi needs quotes',
    '2:6-12 Strings stand in double quotes',
    '3:6-7 HCL 1 has no ":"',
    '4:16-21 10GiB needs quotes',
    '5:52-55 A comma is missing',
    '5:57-60 foo needs quotes',
    '6:23-25 R1 needs quotes',
    '7:5-12 "var.foo" is an expression',
    '8:7-9 "\\q" is not an escape',
  ]);
  const items = new Map(plain(body) as Array<[string, unknown]>);
  t.same(items.get('name'), 'x');
  t.same(items.get('parameters'), [
    ['rack', { invalid: true }],
    ['zone', 'x'],
  ]);
  t.same(items.get('last'), 'read');
});

t.test(
  'a place counts characters in its column, UTF-16 units in its offset and bytes',
  async (t) => {
    const [diagnostic] = parseHcl('# 😀\nä = "😀" b = foo', 'f').diagnostics;
    t.same(diagnostic?.range, {
      file: 'f',
      start: { line: 2, column: 13, offset: 18, byte: 23 },
      end: { line: 2, column: 16, offset: 21, byte: 26 },
    });
  },
);

t.test('keys, labels and values know their places', async (t) => {
  const { body } = parseHcl('cluster "main" {\n  pool = "rbd"\n}\n', 'f');
  const [block] = body.items;
  if (block?.kind !== 'block') throw new Error('not a block');
  const columns = (range: { start: { column: number }; end: { column: number } }) => [
    range.start.column,
    range.end.column,
  ];
  t.same(columns(block.typeRange), [1, 8]);
  t.same(
    block.labels.map(({ range }) => columns(range)),
    [[9, 15]],
  );
  const [attribute] = block.body.items;
  if (attribute?.kind !== 'attribute') throw new Error('not an attribute');
  t.same(columns(attribute.keyRange), [3, 7]);
  t.same(columns(attribute.value.range), [10, 15]);
  t.equal(attribute.range.start.line, 2);
});

t.test("HCL 1's JSON", async (t) => {
  const taken: Array<[name: string, text: string, result: unknown]> = [
    [
      'members',
      '{"a": "x", "b": 1.50, "c": true}',
      [
        ['a', 'x'],
        ['b', { number: '1.50' }],
        ['c', true],
      ],
    ],
    ['blanks before the brace', '\n {"a": 1}', [['a', { number: '1' }]]],
    ['null as an empty string', '{"a": null}', [['a', '']]],
    ['a comma behind the last member', '{"a": "x",}', [['a', 'x']]],
    [
      'keys that repeat',
      '{"a": "x", "a": "y"}',
      [
        ['a', 'x'],
        ['a', 'y'],
      ],
    ],
    ['escapes', '{"a": "\\u00e9\\n\\""}', [['a', 'é\n"']]],
    ['a template', `{"a": "\${x}"}`, [['a', `\${x}`]]],
    [
      'a list without commas',
      '{"a": ["x" "y",, 1]}',
      [['a', { list: ['x', 'y', { number: '1' }] }]],
    ],
    [
      'a list of objects as blocks that repeat',
      '{"a": [{"b": 1}, {}]}',
      [
        ['a', [['b', { number: '1' }]]],
        ['a', []],
      ],
    ],
    [
      'an object of objects as blocks with labels',
      '{"a": {"b": {"c": "x"}}}',
      [['a b', [['c', 'x']]]],
    ],
    [
      'an object with more than objects as a block',
      '{"a": {"b": {"c": "x"}, "d": 1}}',
      [
        [
          'a',
          [
            ['b', [['c', 'x']]],
            ['d', { number: '1' }],
          ],
        ],
      ],
    ],
  ];
  for (const [name, text, result] of taken)
    t.test(`takes ${name}`, async (t) => t.same(read(text), result));
  const told: Array<[name: string, text: string, mistakes: string[]]> = [
    ['a missing last brace', '{"a": {"b": "x"', ['1:7-8 The file ends inside this object']],
    ['text behind the last brace', '{"a": 1} {}', ['1:10-11 What follows the object is left out']],
    ['a boolean in a list', '{"a": ["x", true]}', ['1:13-17 true is left out']],
    ['\\/', '{"a": "x\\/y"}', ['1:9-11 "\\/" is not an escape']],
    ['a surrogate pair', '{"a": "\\ud83d\\ude00"}', ['1:7-21 This string cannot be read']],
    ['a comment', '{"a": 1 // x\n}', ['1:9-10 / cannot stand here']],
    ['a bare word', '{"a": foo}', ['1:7-10 foo cannot stand here']],
    ['a number with a leading zero', '{"a": 01}', ['1:7-9 01 is not a number that can be used']],
    ['a list in a list', '{"a": [["x"]]}', ['1:8-9 "[" cannot stand in a list']],
    ['a missing comma', '{"a": 1 "b": 2}', ['1:9-12 A comma is missing before this key']],
    ['a missing colon', '{"a" 1}', ['1:6-7 A colon is expected behind the key "a", not "1"']],
    ['an equals sign', '{"a" = 1}', ['1:6-7 = cannot stand here']],
    ['a list that is not closed', '{"a": ["x"', ['1:7-8 This "[" is never closed']],
    [
      'a string that is not closed',
      '{"a": "x',
      ['1:7-9 This string is never closed', '1:1-2 The last "}" is missing'],
    ],
    ['a cut behind a key', '{"a"', ['1:2-5 The file ends behind the key "a"']],
    ['a cut behind a colon', '{"a": ', ['1:2-5 The file ends behind the key "a"']],
  ];
  for (const [name, text, expected] of told)
    t.test(`tells of ${name}`, async (t) => t.same(mistakes(text), expected));
});

t.test('numbers are read as Go reads them', async (t) => {
  const number = (raw: string) => ({
    kind: 'number' as const,
    raw,
    integer: !/[.eE]/.test(raw),
    range: {
      file: '',
      start: { line: 1, column: 1, offset: 0, byte: 0 },
      end: { line: 1, column: 1, offset: 0, byte: 0 },
    },
  });
  t.equal(integerOf(number('0777')), 511n);
  t.equal(integerOf(number('-0x1f')), -31n);
  t.equal(integerOf(number('9223372036854775807')), 9223372036854775807n);
  t.equal(integerOf(number('9223372036854775808')), undefined);
  t.equal(integerOf(number('1.5')), undefined);
  t.equal(numberOf(number('.5e1')), 5);
  t.equal(numberOf(number('1e400')), undefined);
});

t.test('a file that is HCL 2 and not HCL 1', async (t) => {
  const spec = (extra: string) =>
    parseSpec(
      `type = "csi"\nid = "i"\nname = "n"\nplugin_id = "p"\ncapability {\n  access_mode = "single-node-writer"\n  attachment_mode = "file-system"\n}\n${extra}`,
      'f',
    );
  t.test('colons, null, escapes and heredocs are read', async (t) => {
    const { specs: [read] = [], diagnostics } = spec(
      `parameters = {\n  a: "x", "b": 0777\n  c: "$\${y}"\n  d: null\n  e: <<-E\n    x\n    E\n}\nnamespace = null\ncapacity_min = 9007199254740992\n`,
    );
    t.same(diagnostics, []);
    t.same(read?.parameters, { a: 'x', b: '777', c: `\${y}`, e: 'x\n' });
    t.equal(read?.namespace, '');
    t.equal(read?.capacityMin, 9007199254740992n);
  });
  t.test('a file that is neither is told of in the terms of HCL 1', async (t) => {
    t.same(spec('namespace = foo bar').diagnostics.map(place), ['9:13-16 foo needs quotes']);
  });
});
