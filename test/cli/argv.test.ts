import t from 'tap';
import { type FlagShape, readArgv, wantsHelp, wantsJson } from '../../src/cli/argv.js';
import { UsageError } from '../../src/cli/errors.js';

const shapes: Record<string, FlagShape> = {
  json: { type: 'boolean' },
  t: { type: 'option' },
  endpoint: { type: 'option' },
  'mount-flag': { type: 'option', multiple: true },
};

function read(line: string) {
  return readArgv(line === '' ? [] : line.split(' '), shapes);
}

t.test('one dash or two, with = or without, is the same flag', async (t) => {
  for (const line of ['-endpoint=x', '--endpoint=x', '-endpoint x', '--endpoint x'])
    t.same(read(line), { flags: ['--endpoint=x'], positionals: [] }, line);
  t.same(read('-json'), { flags: ['--json'], positionals: [] });
  t.same(read('--json'), { flags: ['--json'], positionals: [] });
});

t.test('a boolean takes a value only behind =, in the words of Go', async (t) => {
  for (const word of ['1', 't', 'T', 'true', 'TRUE', 'True'])
    t.same(read(`-json=${word}`).flags, ['--json'], word);
  for (const word of ['0', 'f', 'F', 'false', 'FALSE', 'False'])
    t.same(read(`-json=${word}`).flags, [], word);
  t.same(read('-json false'), { flags: ['--json'], positionals: ['false'] });
  t.throws(
    () => read('-json=maybe'),
    new UsageError('invalid boolean value "maybe" for -json: use true or false'),
  );
});

t.test('the last of a repeated flag wins, and a list keeps all', async (t) => {
  t.same(read('-endpoint=a -endpoint=b').flags, ['--endpoint=b']);
  t.same(read('-json -json=false').flags, []);
  t.same(read('-mount-flag=noatime -mount-flag ro').flags, [
    '--mount-flag=noatime',
    '--mount-flag=ro',
  ]);
});

t.test('values are taken as they are', async (t) => {
  t.same(readArgv(['-t={{.a}} = {{.b}}'], shapes).flags, ['--t={{.a}} = {{.b}}']);
  t.same(readArgv(['-t', '-json'], shapes).flags, ['--t=-json']);
  t.same(readArgv(['-t='], shapes).flags, ['--t=']);
  t.same(readArgv(['-t', ''], shapes).flags, ['--t=']);
  t.same(readArgv(['-t=a\nb'], shapes).flags, ['--t=a\nb']);
});

t.test('flags may follow positionals, -- ends them, - is a positional', async (t) => {
  t.same(read('spec.hcl -json'), { flags: ['--json'], positionals: ['spec.hcl'] });
  t.same(read('-json -- -t x'), { flags: ['--json'], positionals: ['-t', 'x'] });
  t.same(read('-'), { flags: [], positionals: ['-'] });
});

t.test('what is not understood is a UsageError that says what was meant', async (t) => {
  t.throws(
    () => read('-jsno'),
    new UsageError('flag provided but not defined: -jsno; did you mean -json?'),
  );
  t.throws(
    () => read('--nothing-like-it'),
    new UsageError('flag provided but not defined: -nothing-like-it'),
  );
  t.throws(
    () => read('-constructor'),
    new UsageError('flag provided but not defined: -constructor'),
  );
  t.throws(() => read('-endpoint'), new UsageError('flag needs an argument: -endpoint'));
  t.throws(() => read('--=x'), new UsageError('bad flag syntax: --=x'));
  t.throws(() => read('---json'), new UsageError('bad flag syntax: ---json'));
});

t.test('help and JSON are seen before the line is parsed', async (t) => {
  for (const word of ['-h', '-help', '--help']) t.ok(wantsHelp(['spec.hcl', word]), word);
  t.notOk(wantsHelp(['--', '-help']));
  t.notOk(wantsHelp(['-helpful']));
  t.ok(wantsJson(['-bad', '-json']));
  t.ok(wantsJson(['--json=true']));
  t.notOk(wantsJson(['-json=false']));
  t.notOk(wantsJson(['-jsonx', 'json']));
});
