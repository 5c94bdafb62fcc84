import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeFolder, tryFolder } from '../../src/files/folders.js';

async function folderOf(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pannier-folders-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

/** Runs as a user who owns nothing; the process is root again afterwards. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

t.test('a folder is made with those above it, and the ones that were made are told', async (t) => {
  const root = await folderOf(t);
  const path = join(root, 'a', 'b');
  t.strictSame(await makeFolder(path, 0o700), [join(root, 'a'), path]);
  t.equal(statSync(path).mode & 0o777, 0o700);
  t.strictSame(await makeFolder(path), [], 'it is there');
  t.strictSame(await makeFolder('/'), []);
  symlinkSync(path, join(root, 'link'));
  t.strictSame(await makeFolder(join(root, 'link')), [], 'a link to a folder is one');
  const both = await Promise.all([1, 2].map(() => makeFolder(join(root, 'x', 'y'))));
  t.ok(statSync(join(root, 'x', 'y')).isDirectory(), 'two at once');
  t.ok(both.flat().length >= 2);
});

t.test('where no folder can be, the reason is told and it returns', async (t) => {
  const root = await folderOf(t);
  writeFileSync(join(root, 'file'), '');
  symlinkSync(join(root, 'nowhere', 'at', 'all'), join(root, 'dangling'));
  await t.rejects(makeFolder('/proc/pannier/state'), {
    code: 'ENOENT',
    message: /\/proc\/pannier/,
  });
  await t.rejects(makeFolder(join(root, 'file')), { code: 'EEXIST' });
  await t.rejects(makeFolder(join(root, 'file', 'below')), { code: 'ENOTDIR' });
  await t.rejects(makeFolder(join(root, 'dangling', 'below')), { code: 'EEXIST' });
});

t.test('a folder is tried by writing, and nothing is left of it', async (t) => {
  const root = await folderOf(t);
  await tryFolder(join(root, 'a', 'b'), 0o700);
  t.strictSame(readdirSync(root), []);
  mkdirSync(join(root, 'mine'), { mode: 0o700 });
  await tryFolder(join(root, 'mine'));
  t.strictSame(readdirSync(root, { recursive: true }), ['mine'], 'what was there stays');
  await t.rejects(tryFolder('/proc/pannier'), { code: 'ENOENT' });
  await t.rejects(tryFolder('/proc/sys'), /proc/, 'a folder that takes no files');
  await t.rejects(
    asNobody(() => tryFolder(join(root, 'mine'))),
    { code: 'EACCES' },
    'a user who may not',
  );
  t.strictSame(readdirSync(root, { recursive: true }), ['mine']);
});
