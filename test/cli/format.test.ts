import t from 'tap';
import { bold, colourful } from '../../src/cli/colour.js';
import { keyValues, table } from '../../src/cli/columns.js';
import { toJson } from '../../src/cli/json.js';
import { monitorLine } from '../../src/cli/monitor.js';
import { withProgress } from '../../src/cli/progress.js';

t.test('a table aligns its columns two spaces apart and ends no line in blanks', async (t) => {
  t.equal(
    table(
      ['ID', 'Capacity', 'Nodes'],
      [
        ['ceph/rbd/a', '10 GiB', 'node-1'],
        ['ceph/rbd/longer', 5n, undefined],
        ['é', '', ''],
      ],
    ),
    [
      'ID               Capacity  Nodes',
      'ceph/rbd/a       10 GiB    node-1',
      'ceph/rbd/longer  5         <none>',
      'é                <none>    <none>',
    ].join('\n'),
  );
  t.equal(table(['ID', 'Name'], []), 'ID  Name');
});

t.test('keys and values stand around aligned signs', async (t) => {
  t.equal(
    keyValues([
      ['ID', 'ceph/rbd/a'],
      ['Capacity', 0],
      ['Name', undefined],
      ['Ready', false],
    ]),
    'ID       = ceph/rbd/a\nCapacity = 0\nName     = <none>\nReady    = false',
  );
});

t.test('control characters cannot reach the terminal through a cell', async (t) => {
  t.equal(table(['Name'], [['a\u001b[2Jb\nc']]), 'Name\na\\x1b[2Jb\\x0ac');
});

t.test('JSON keeps every digit of an integer', async (t) => {
  t.equal(toJson({ a: 5n, b: 2n ** 60n }, 0), '{"a":5,"b":"1152921504606846976"}');
});

t.test('a monitor line has its time in UTC', async (t) => {
  t.equal(
    monitorLine('Creating volume "x"', new Date('2026-01-02T15:04:05.678Z')),
    '==> 2026-01-02T15:04:05Z: Creating volume "x"',
  );
});

t.test('progress is silent off a terminal, and on one leaves nothing behind', async (t) => {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  t.equal(await withProgress({ isTTY: false, write }, 'Waiting', Promise.resolve(1)), 1);
  t.same(written, []);

  let resolve: (text: string) => void = () => {};
  const promise = new Promise<string>((settle) => {
    resolve = settle;
  });
  const seen = (text: string) => {
    write(text);
    resolve('done');
  };
  t.equal(await withProgress({ isTTY: true, write: seen }, 'Waiting', promise), 'done');
  t.match(written[0], /Waiting … \d+s$/);
  t.equal(written.at(-1), '\r\u001b[K');
  await t.rejects(withProgress({ isTTY: true, write }, 'x', Promise.reject(new Error('no'))), /no/);
});

t.test('colour is for a terminal that wants it', async (t) => {
  const { NO_COLOR, TERM } = process.env;
  t.teardown(() =>
    Object.assign(process.env, NO_COLOR === undefined ? {} : { NO_COLOR }, { TERM }),
  );
  delete process.env.NO_COLOR;
  process.env.TERM = 'xterm';
  t.ok(colourful({ isTTY: true }));
  t.notOk(colourful({ isTTY: false }));
  t.notOk(colourful({}));
  t.equal(bold('x', { isTTY: true }), '\u001b[1mx\u001b[0m');
  t.equal(bold('x', {}), 'x');
  process.env.TERM = 'dumb';
  t.notOk(colourful({ isTTY: true }));
  process.env.TERM = 'xterm';
  process.env.NO_COLOR = '1';
  t.notOk(colourful({ isTTY: true }));
});
