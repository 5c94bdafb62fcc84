import t from 'tap';
import { formatText } from '../../src/spec/format/text.js';
import type { Body } from '../../src/spec/hcl/ast.js';
import { parseHcl } from '../../src/spec/hcl/parse.js';
import { corpus, hcl2Corpus } from './corpus.js';

interface Case {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

function format(text: string | Uint8Array): string {
  const { text: formatted, diagnostics } = formatText(text, 'f');
  if (formatted === undefined) throw new Error(JSON.stringify(diagnostics));
  return formatted;
}

function check(cases: readonly Case[]): void {
  for (const { name, before, after } of cases)
    t.test(name, async (t) => {
      t.equal(format(before), after);
      t.equal(format(after), after, 'once more changes nothing');
    });
}

t.test('HCL 1', async () => {
  check([
    {
      name: 'equals signs of neighbouring lines stand in one column',
      before: 'a = 1\nlonger="x"\n\nb   =   true\n',
      after: 'a      = 1\nlonger = "x"\n\nb = true\n',
    },
    {
      name: 'a comment line, a block and a value of several lines end a column',
      before: 'a = 1\n# x\nbcd = 2\ne = [\n1,\n]\nfg = 3\nh {\ni = 4\njkl = 5\n}\nm = 6\n',
      after: 'a = 1\n# x\nbcd = 2\ne = [\n  1,\n]\nfg = 3\nh {\n  i   = 4\n  jkl = 5\n}\nm = 6\n',
    },
    {
      name: 'comments behind something stand in one column, by characters and not by bytes',
      before: 'a = "é😀"# x\nb = "abcdef" // y\n\n/* z */ c = 1\n',
      after: 'a = "é😀"     # x\nb = "abcdef" // y\n\n/* z */ c = 1\n',
    },
    {
      name: 'tabs and blanks at ends of lines go',
      before: 'a {\t \n\tb\t=\t"x"  \n}\t\n',
      after: 'a {\n  b = "x"\n}\n',
    },
    {
      name: 'one of several blank lines stays, none at the beginning and the end',
      before: '\n\na = 1\n\n  \n\nb {\n\n\n  c = 1\n}\n\n',
      after: 'a = 1\n\nb {\n\n  c = 1\n}\n',
    },
    { name: 'the last line ends', before: 'a = 1', after: 'a = 1\n' },
    { name: 'nothing stays nothing', before: ' \n\n', after: '' },
    {
      name: 'Windows line ends stay',
      before: 'a=1 # x\r\n\r\nb=2\r\n',
      after: 'a = 1 # x\r\n\r\nb = 2\r\n',
    },
    {
      name: 'heredocs stay as they are, and what is around them does not',
      before: 'a {\nbc=<<EOF\n x =  1\n  EOF\nd   = <<-E\n\ty\n\tE\n}\n',
      after: 'a {\n  bc = <<EOF\n x =  1\n  EOF\n  d  = <<-E\n\ty\n\tE\n}\n',
    },
    {
      name: 'strings stay as they are, templates in them too',
      before: `a="\${lookup("a","b")}  \${ x }"\n`,
      after: `a = "\${lookup("a","b")}  \${ x }"\n`,
    },
    {
      name: 'blocks on one line stay on it',
      before: 'a{b=1 c="x"}\nd {}\ne={f=[1,2 , {}]}\n"g" "h"{ }\n',
      after: 'a { b = 1 c = "x" }\nd {}\ne = { f = [1, 2, {}] }\n"g" "h" {}\n',
    },
    {
      name: 'numbers of every kind stay one word',
      before: 'a=[0x1F,-5,.5,1e3,0777]\n',
      after: 'a = [0x1F, -5, .5, 1e3, 0777]\n',
    },
    {
      name: 'comments of every kind stay where they are',
      before: '# a\n    // b\nc { # d\n/* e\n f */\ng = 1 /* h */ # i\n# j\n}',
      after: '# a\n// b\nc { # d\n  /* e\n f */\n  g = 1 /* h */ # i\n  # j\n}\n',
    },
  ]);
});

t.test('HCL 2', async () => {
  check([
    {
      name: 'operators have a blank on both sides, signs and indexes none',
      before: 'a=var.x+-1*(2-b)\nc=!d[0]&&e.f[*].g\nh=i?j:k\n',
      after: 'a = var.x + -1 * (2 - b)\nc = !d[0] && e.f[*].g\nh = i ? j : k\n',
    },
    {
      name: 'what is computed in strings is laid out too',
      before: `a="x \${ upper( b ,"c") }%{ if d }y%{endif~}"\ne = f\n`,
      after: `a = "x \${upper(b, "c")}%{if d}y%{endif~}"\ne = f\n`,
    },
    {
      name: 'calls, lists and loops over lines are indented',
      before: 'a = merge({\nb=1\n},\n{ c=2 })\nd=[for x in[1]:x]\n',
      after: 'a = merge({\n  b = 1\n  },\n{ c = 2 })\nd = [for x in [1] : x]\n',
    },
  ]);
});

t.test('a specification means the same in another layout', async (t) => {
  for (const { name, content } of corpus().filter(({ name }) => name.endsWith('.hcl'))) {
    const formatted = format(content);
    t.same(meaning(formatted), meaning(content), name);
    t.equal(format(formatted), formatted, `${name}: once more changes nothing`);
  }
  for (const { name, content } of hcl2Corpus())
    t.equal(format(format(content)), format(content), name);
});

t.test('what cannot be read is not formatted', async (t) => {
  const refused = (text: string) =>
    formatText(text, 'f').diagnostics.map(
      ({ summary, range }) => `${range?.start.line}:${range?.start.column} ${summary}`,
    );
  t.same(refused('a = 1\nb = [\n'), ['2:5 This "[" is never closed']);
  t.same(refused('{"a": 1}'), ['1:1 JSON is not formatted']);
  t.same(refused('\ufeffa = 1'), ['1:1 The file begins with a byte order mark']);
  const secret = formatText('userKey = AQBsecret\n', 'f');
  t.notMatch(JSON.stringify(secret.diagnostics), 'AQBsecret');
  t.notMatch([...secret.sources.values()].join(''), 'AQBsecret');
});

/** What is written, without its places. */
function meaning(text: string | Uint8Array): unknown {
  const { body, diagnostics } = parseHcl(text, 'f');
  return { diagnostics: diagnostics.length, body: withoutPlaces(body) };
}

function withoutPlaces(body: Body): unknown {
  return JSON.parse(
    JSON.stringify(body, (key, value) => (/range$/i.test(key) ? undefined : (value as unknown))),
  );
}
