import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { pannier, socketFolder } from './pannier.js';

const SPEC = `type = "csi"
id = "data"
name = "data" # größe 😀
plugin_id = "p"
capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}
`;

t.test('several files are checked at once, and their volumes against each other', async (t) => {
  const cwd = await socketFolder(t);
  await writeFile(join(cwd, 'a.hcl'), SPEC);
  await writeFile(join(cwd, 'b.hcl'), SPEC.replaceAll('"data"', '"more"'));
  await writeFile(join(cwd, 'c.hcl'), SPEC.replace('id = "data"', 'id = "other"'));
  t.same(await pannier(['volume', 'validate', 'a.hcl', 'b.hcl', 'a.hcl'], { cwd }), {
    code: 0,
    stdout:
      'The specification of volume "data" is valid\nThe specification of volume "more" is valid\n',
    stderr: '',
  });
  const shared = await pannier(['volume', 'validate', 'a.hcl', 'c.hcl'], { cwd });
  t.equal(shared.code, 0);
  t.match(
    shared.stderr,
    /Warning: The name "data" is another volume's too\n\n {2}on c\.hcl:3:8\n {2}3 \| name = "data"/,
  );
});

t.test('mistakes in all files are told, and fail', async (t) => {
  const cwd = await socketFolder(t);
  await writeFile(join(cwd, 'a.hcl'), SPEC.replace('"data"', 'data'));
  await writeFile(join(cwd, 'b.hcl'), SPEC.replace('file-system', 'file'));
  const { code, stdout, stderr } = await pannier(
    ['volume', 'validate', 'a.hcl', 'absent.hcl', 'b.hcl'],
    { cwd },
  );
  t.equal(code, 2);
  t.equal(stdout, '');
  t.match(stderr, /a\.hcl:2:6[\s\S]*Cannot read absent\.hcl[\s\S]*b\.hcl:7:21/);
  t.match(await pannier(['volume', 'validate'], { cwd }), {
    code: 2,
    stderr: /This command takes at least one argument: <spec\.\.\.>/,
  });
});

t.test(
  'for editors the mistakes are data, with ranges in characters, units and bytes',
  async (t) => {
    const cwd = await socketFolder(t);
    const text = `${SPEC}capcity_min = "1GiB"\nnamespace = ["x"]\n`;
    await writeFile(join(cwd, 'a.hcl'), text);
    const { code, stdout, stderr } = await pannier(['volume', 'validate', '-json', 'a.hcl'], {
      cwd,
    });
    t.same({ code, stderr }, { code: 2, stderr: '' });
    const { diagnostics, ...rest } = JSON.parse(stdout);
    t.same(rest, { valid: false, errorCount: 1, warningCount: 1, volumes: [] });
    t.match(diagnostics, [
      {
        severity: 'warning',
        summary: '"capcity_min" has no effect',
        detail: /^Nomad knows no such key/,
        guess: 'capacity_min',
        range: { filename: 'a.hcl', start: { line: 9, column: 1 }, end: { line: 9, column: 12 } },
      },
      { severity: 'error', summary: '"namespace" must be text, not a list' },
    ]);
    const bytes = await readFile(join(cwd, 'a.hcl'));
    const { start, end } = diagnostics[0].range;
    t.equal(bytes.subarray(start.byte, end.byte).toString(), 'capcity_min');
    t.equal(text.slice(start.offset, end.offset), 'capcity_min');
    t.not(start.byte, start.offset);
    const valid = await pannier(['volume', 'validate', '-json', '-'], { cwd, input: SPEC });
    t.same(JSON.parse(valid.stdout), {
      valid: true,
      errorCount: 0,
      warningCount: 0,
      volumes: [{ file: '<stdin>', id: 'data', name: 'data' }],
      diagnostics: [],
    });
  },
);
