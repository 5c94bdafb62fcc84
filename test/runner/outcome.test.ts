import { Readable } from 'node:stream';
import t from 'tap';
import { readTap } from './outcome.js';

async function read(...lines: string[]) {
  return readTap(Readable.from([['TAP version 14', ...lines, ''].join('\n')]));
}

t.test('assertions are counted at every depth, subtests are not', async (t) => {
  t.match(
    await read(
      '# Subtest: a',
      '    ok 1 - x',
      '    # Subtest: b',
      '        ok 1 - y',
      '        1..1',
      '    ok 2 - b',
      '    1..2',
      'ok 1 - a',
      'ok 2 - c {',
      '    ok 1 - z',
      '    1..1',
      '}',
      '1..2',
    ),
    { passed: 3, failed: 0 },
  );
});

t.test('a failure is counted once and named with its subtests', async (t) => {
  t.strictSame(
    await read(
      '# Subtest: a',
      '    ok 1 - x',
      '    not ok 2 - y',
      '    1..2',
      'not ok 1 - a',
      '1..1',
    ),
    { passed: 1, failed: 1, failures: ['a > y'] },
  );
});

t.test('a subtest that failed though its assertions passed is a failure', async (t) => {
  t.match(await read('# Subtest: a', '    ok 1 - x', '    1..1', 'not ok 1 - timeout!', '1..1'), {
    passed: 1,
    failed: 1,
  });
});

t.test('what is skipped or still to do counts as failed', async (t) => {
  t.match(await read('ok 1 - x # SKIP no disk', 'not ok 2 - y # TODO later', '1..2'), {
    passed: 0,
    failed: 2,
  });
});

t.test('a stream that breaks off is a failure', async (t) => {
  t.match(await read('ok 1 - x', 'ok 2 - y', '1..5'), { passed: 2, failed: 1 });
});
