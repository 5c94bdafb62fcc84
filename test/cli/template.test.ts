import t from 'tap';
import { CommandError, UsageError } from '../../src/cli/errors.js';
import { parseTemplate } from '../../src/cli/template/parse.js';
import { render } from '../../src/cli/template/render.js';

const data = {
  id: 'ceph/rbd/a',
  size: 10n,
  ready: true,
  none: null,
  nodes: ['n1', 'n2'],
  context: { name: 'a', 'odd key': 'x' },
  empty: [],
};

const fill = (template: string, value: unknown = data) => render(parseTemplate(template), value);

t.test('templates in the manner of Go', async (t) => {
  const cases: Array<[string, string]> = [
    ['plain', 'plain'],
    ['', ''],
    ['{{.id}}', 'ceph/rbd/a'],
    ['{{ .context.name }}!', 'a!'],
    ['{{.size}} {{.ready}} {{.none}}', '10 true <no value>'],
    ['{{.nodes}}', '[n1 n2]'],
    ['{{.context}}', 'map[name:a odd key:x]'],
    ['{{range .nodes}}{{.}}\n{{end}}', 'n1\nn2\n'],
    ['{{range .nodes}}{{$.id}}:{{.}} {{end}}', 'ceph/rbd/a:n1 ceph/rbd/a:n2 '],
    ['{{range .empty}}x{{else}}nothing{{end}}', 'nothing'],
    ['{{range .context}}{{.}},{{end}}', 'a,x,'],
    ['{{if .ready}}yes{{else}}no{{end}}', 'yes'],
    ['{{if .empty}}yes{{else}}no{{end}}', 'no'],
    ['{{if eq .id "ceph/rbd/a" "b"}}same{{end}}', 'same'],
    ['{{if and .ready (not .empty)}}both{{end}}', 'both'],
    ['{{or .empty "else"}}', 'else'],
    ['{{ne .id "b"}}', 'true'],
    ['{{with .context}}{{.name}}{{end}}', 'a'],
    ['{{index .nodes 1}}', 'n2'],
    ['{{index .context "odd key"}}', 'x'],
    ['{{index .context "absent"}}', ''],
    ['{{len .nodes}} {{.id | len}}', '2 10'],
    ['{{printf "%-4s|%5d|%q|%v|%%" "ab" .size .id .nodes}}', 'ab  |   10|"ceph/rbd/a"|[n1 n2]|%'],
    ['{{printf "%05d %.2f" 42 1.5}}', '00042 1.50'],
    ['{{.id | printf "%s!"}}', 'ceph/rbd/a!'],
    ['{{printf "%d"}}', '%!d(MISSING)'],
    ['{{json .nodes}}', '["n1","n2"]'],
    ['{{"a}}b"}}{{`\\n`}}{{"\\n"}}', 'a}}b\\n\n'],
    ['a {{- .id -}} b', 'aceph/rbd/ab'],
    ['a{{/* said to nobody */}}b', 'ab'],
  ];
  for (const [template, expected] of cases) t.equal(fill(template), expected, template);
  t.equal(fill('{{range .}}{{.id}} {{end}}', [{ id: 1 }, { id: 2 }]), '1 2 ');
  t.equal(fill('{{.}}', 'x'), 'x');
});

t.test('a template that cannot be read is a mistake of the command line', async (t) => {
  const cases: Array<[string, RegExp]> = [
    ['{{.id', /\{\{ without \}\}/],
    ['{{}}', /a value is missing in \{\{\}\}/],
    ['{{if .id}}x', /\{\{if \.id\}\} without \{\{end\}\}/],
    ['{{end}}', /unexpected \{\{end\}\}/],
    ['{{if .a}}{{else}}{{else}}{{end}}', /without \{\{end\}\}/],
    ['{{(.id}}', /"\(" without "\)"/],
    ['{{.id)}}', /unexpected "\)"/],
    ['{{.id |}}', /a value is missing/],
    ['{{lower .id}}', /function "lower" is not known; there are and, eq, index/],
    ['{{toString}}', /function "toString" is not known/],
    ['{{.id .size}}', /gives arguments to what is not a function/],
    ['{{$x := .id}}', /is not understood/],
    ['{{"\\q"}}', /is not a string/],
  ];
  for (const [template, message] of cases) {
    t.throws(() => parseTemplate(template), message, template);
    t.throws(() => parseTemplate(template), UsageError, template);
  }
});

t.test('a field that is not there is named, with what was meant', async (t) => {
  const cases: Array<[string, RegExp]> = [
    ['{{.ID2}}', /no field \.ID2; did you mean \.id\?/],
    ['{{.zzzzzz}}', /no field \.zzzzzz; there are id, size, ready/],
    ['{{.id.x}}', /\.x of ceph\/rbd\/a, which has no fields/],
    ['{{range .id}}{{end}}', /range over ceph\/rbd\/a/],
    ['{{index .nodes 2}}', /index 2 of a list of 2/],
    ['{{len .size}}', /len of 10, which has no length/],
    ['{{printf "%k" 1}}', /printf has no %k/],
    ['{{.id | .size}}', /piped into what is not a function/],
  ];
  for (const [template, message] of cases) {
    t.throws(() => fill(template), message, template);
    t.throws(() => fill(template), CommandError, template);
  }
});
