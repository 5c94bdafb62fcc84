import { chmod, lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { pannier, socketFolder } from './pannier.js';

const UGLY = 'a=1\n  b = "x"\n';
const NEAT = 'a = 1\nb = "x"\n';

/** A folder with files to format: two ugly ones, one below, and what is not to be touched. */
async function folder(t: Parameters<typeof socketFolder>[0]): Promise<string> {
  const path = await socketFolder(t);
  await mkdir(join(path, 'below'));
  await mkdir(join(path, '.hidden'));
  for (const name of ['a.hcl', 'b.nomad', 'below/c.hcl', 'notes.txt', '.hidden/d.hcl'])
    await writeFile(join(path, name), UGLY);
  await writeFile(join(path, 'neat.hcl'), NEAT);
  return path;
}

t.test('files are formatted in place, and those that were not are named', async (t) => {
  const cwd = await folder(t);
  t.same(await pannier(['fmt'], { cwd }), { code: 0, stdout: 'a.hcl\nb.nomad\n', stderr: '' });
  t.equal(await readFile(join(cwd, 'a.hcl'), 'utf8'), NEAT);
  for (const name of ['below/c.hcl', 'notes.txt', '.hidden/d.hcl'])
    t.equal(await readFile(join(cwd, name), 'utf8'), UGLY, `${name} is left alone`);
  t.same(await pannier(['fmt', '-recursive', '.'], { cwd }), {
    code: 0,
    stdout: 'below/c.hcl\n',
    stderr: '',
  });
  t.same(await pannier(['fmt', '-recursive'], { cwd }), { code: 0, stdout: '', stderr: '' });
  t.match(await pannier(['fmt', 'notes.txt'], { cwd }), { code: 0, stdout: 'notes.txt\n' });
});

t.test('a file keeps its mode and the link that leads to it', async (t) => {
  const cwd = await folder(t);
  await chmod(join(cwd, 'a.hcl'), 0o640);
  await symlink('a.hcl', join(cwd, 'link.hcl'));
  t.match(await pannier(['fmt', 'link.hcl'], { cwd }), { code: 0, stdout: 'link.hcl\n' });
  t.ok((await lstat(join(cwd, 'link.hcl'))).isSymbolicLink());
  t.equal((await stat(join(cwd, 'a.hcl'))).mode & 0o777, 0o640);
  t.equal(await readFile(join(cwd, 'a.hcl'), 'utf8'), NEAT);
});

t.test('-check and -write=false change nothing', async (t) => {
  const cwd = await folder(t);
  t.match(await pannier(['fmt', '-check', 'a.hcl', 'neat.hcl'], { cwd }), {
    code: 1,
    stdout: 'a.hcl\n',
    stderr: '',
  });
  t.match(await pannier(['fmt', '-check', '-list=false', 'a.hcl'], { cwd }), {
    code: 1,
    stdout: '',
  });
  t.match(await pannier(['fmt', '-check', 'neat.hcl'], { cwd }), { code: 0, stdout: '' });
  t.match(await pannier(['fmt', '-write=false', 'a.hcl'], { cwd }), { code: 0, stdout: 'a.hcl\n' });
  t.match(await pannier(['fmt', '-write=false', '-list=false', 'a.hcl'], { cwd }), {
    code: 0,
    stdout: NEAT,
  });
  const { stdout } = await pannier(['fmt', '-check', '-json', 'a.hcl', 'neat.hcl'], { cwd });
  t.same(JSON.parse(stdout), [
    { file: 'a.hcl', changed: true },
    { file: 'neat.hcl', changed: false },
  ]);
  t.equal(await readFile(join(cwd, 'a.hcl'), 'utf8'), UGLY);
});

t.test('standard input goes to standard output', async (t) => {
  t.same(await pannier(['fmt', '-'], { input: UGLY }), { code: 0, stdout: NEAT, stderr: '' });
  t.match(await pannier(['fmt', '-check', '-'], { input: UGLY }), { code: 1, stdout: '' });
  t.match(await pannier(['fmt', '-check', '-'], { input: NEAT }), { code: 0, stdout: '' });
  t.match(await pannier(['fmt', '-', 'a.hcl']), { code: 2, stderr: /^- stands for standard/ });
});

t.test('what cannot be read is reported, and the rest is formatted', async (t) => {
  const cwd = await folder(t);
  await writeFile(join(cwd, 'bad.hcl'), 'a = [\nuserKey = "AQBsecret\n');
  await writeFile(join(cwd, 'v.json'), '{"a": 1}');
  const ran = await pannier(['fmt', 'bad.hcl', 'v.json', 'a.hcl'], { cwd });
  t.match(ran, { code: 2, stdout: 'a.hcl\n' });
  t.match(ran.stderr, 'Error formatting: what cannot be read is left as it is\n');
  t.match(ran.stderr, 'on bad.hcl:1:5\n');
  t.match(ran.stderr, 'Error: JSON is not formatted\n\n  on v.json:1:1\n');
  t.notMatch(ran.stderr, 'AQBsecret');
  t.equal(await readFile(join(cwd, 'a.hcl'), 'utf8'), NEAT);
  const json = await pannier(['fmt', '-json', 'v.json'], { cwd });
  t.match(json, { code: 2, stdout: '' });
  t.match(JSON.parse(json.stderr).error.details, [{ summary: 'JSON is not formatted' }]);
  t.match(await pannier(['fmt', 'absent'], { cwd }), { code: 2, stderr: /cannot read absent/ });
});
