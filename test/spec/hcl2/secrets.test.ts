// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is in these strings is HCL.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Diagnostic, Sources } from '../../../src/spec/diagnostic.js';
import type { Lookups } from '../../../src/spec/lookups.js';
import { type ReadOptions, readSpec } from '../../../src/spec/read.js';
import { diagnosticsToJson, renderDiagnostics } from '../../../src/spec/render.js';
import { FIELDS, read } from './read.js';

const SECRET = 'AQBxyzSECRET9876==';

/** All that a person or a program is told. */
function shown(result: {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}): string {
  const { diagnostics, sources } = result;
  return [
    renderDiagnostics(diagnostics, sources, { colour: false }),
    JSON.stringify(diagnosticsToJson(diagnostics)),
    ...sources.values(),
  ].join('\n');
}

function volume(body: string): string {
  return `volume "v" {\n  ${FIELDS}\n${body}\n}\n`;
}

/** Lookups that keep a record of what is asked. */
function lookups(asked: string[]): Lookups {
  const answer = async (...words: readonly string[]) => {
    asked.push(words.join(' '));
    if (words.includes('missing')) throw new Error('there is nothing there');
    return SECRET;
  };
  return {
    nomadVariable: (path, key) => answer('nomad', path, key),
    vault: (path, key) => answer('vault', path, key),
    consulKey: (key) => answer('consul', key),
  };
}

async function readFile(text: string, options: ReadOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'pannier-hcl2-'));
  try {
    await writeFile(join(folder, 'key'), `${SECRET}\n`);
    await writeFile(join(folder, 'binary'), Uint8Array.of(0xff, 0));
    await writeFile(join(folder, 'v.hcl'), text);
    return await readSpec(join(folder, 'v.hcl'), { environment: { KEY: SECRET }, ...options });
  } finally {
    await rm(folder, { recursive: true });
  }
}

t.test('secrets come from the environment, from files beside, and from elsewhere', async (t) => {
  const asked: string[] = [];
  const { specs, diagnostics } = await readFile(
    volume(`  secrets {
    a = env("KEY")
    b = trimspace(file("key"))
    c = filebase64("binary")
    d = vault("secret/ceph", "key")
    e = nomad_variable("pannier/ceph", "key")
    f = consul_key("pannier/key")
    g = vault("secret/ceph", "key")
  }
  parameters = { x = "<\${vault("secret/ceph", "key")}>" }`),
    { lookups: lookups(asked) },
  );
  t.same(diagnostics, []);
  t.same(specs?.[0]?.secrets, {
    a: SECRET,
    b: SECRET,
    c: '/wA=',
    d: SECRET,
    e: SECRET,
    f: SECRET,
    g: SECRET,
  });
  t.same(specs?.[0]?.parameters, { x: `<${SECRET}>` });
  t.same(asked.sort(), ['consul pannier/key', 'nomad pannier/ceph key', 'vault secret/ceph key']);
  t.ok(specs?.[0]?.sensitive?.includes(`<${SECRET}>`), 'what must not be shown is known');
});

t.test('a lookup may depend on another, and one that is not needed is not made', async (t) => {
  const asked: string[] = [];
  const { specs, diagnostics } = await readFile(
    volume(`  secrets {
    a = vault("secret/\${vault("secret/name", "name")}", "key")
    b = true ? "x" : vault("unused", "key")
    c = try(vault("missing", "key"), "fallback")
  }`),
    { lookups: lookups(asked) },
  );
  t.same(diagnostics, []);
  t.match(specs?.[0]?.secrets, { a: SECRET, b: 'x', c: 'fallback' });
  t.same(asked, ['vault secret/name name', 'vault missing key', `vault secret/${SECRET} key`]);
});

t.test('lookups that lead to each other have an end', async (t) => {
  const nested = Array.from({ length: 12 }).reduce<string>(
    (inner) => `vault("a", ${inner})`,
    '"key"',
  );
  let count = 0;
  const next = async () => String(count++);
  const { specs, diagnostics } = await readFile(volume(`  secrets {\n    a = ${nested}\n  }`), {
    lookups: { vault: next, nomadVariable: next, consulKey: next },
  });
  t.equal(specs, undefined, 'nothing half known is used');
  t.match(diagnostics, [{ severity: 'error', summary: /depend on each other/ }]);
});

t.test('without lookups what they give is not known, and nothing is wrong', async (t) => {
  const { specs, diagnostics } = await readFile(
    volume(`  name = consul_key("name")
  capacity_min = vault("a", "b")
  secrets {
    a = nomad_variable("p", "k")
    b = vault("x", "y")
  }`),
  );
  t.same(diagnostics, []);
  t.match(specs, [{ id: 'v', name: '', secrets: {} }]);
});

t.test('what cannot be had is told at its place', async (t) => {
  const result = await readFile(
    volume(`  secrets {
    a = env("NONE")
    b = file("none")
    c = file("binary")
    d = vault("missing", "key")
    e = nomad_variable("a")
    f = valt("a", "b")
  }`),
    { lookups: lookups([]) },
  );
  t.same(
    result.diagnostics.map(({ summary, range }) => `${range?.start.line} ${summary}`),
    [
      '8 env() cannot do this',
      '9 file() cannot do this',
      '10 file() cannot do this',
      '11 vault() cannot do this',
      '12 The argument "key" is missing',
      '13 There is no function "valt"',
    ],
  );
  t.match(result.diagnostics[0]?.detail, /NONE is not set/);
  t.match(result.diagnostics[1]?.detail, /no file .*\/none/);
  t.match(result.diagnostics[2]?.detail, /not text in UTF-8/);
  t.match(result.diagnostics[3]?.detail, /^There is nothing there\.$/);
  t.equal(result.diagnostics[5]?.guess, 'vault');
});

t.test('no report shows a value that is sensitive, wherever it ends', async (t) => {
  const places = [
    'capacity_min = X',
    'namespace = [X]',
    'parameters { a = [X] }',
    'parameters { a = { b = X } }',
    'mount_options { fs_type = { a = X } }',
    'mount_options { mount_flags = X }',
    'topology_request { required { topology { segments { rack = [X] } } } }',
    'parameters = X',
    'count = X',
    'for_each = { (X) = 1 }',
    'name = tonumber(X)',
    'name = {}[X]',
    'name = regex("^z$", X)',
    'name = X.a',
    'name = jsondecode(X)',
    'name = 1 + X',
    'name = element([], X)',
    'name = X ? 1 : 2',
    'clone_id = X\n snapshot_id = "s"\n capacity_max = X',
    'type = X',
    'access_mode = X\n typo = X\n region = X',
    'name = vault("missing", X)',
    'name = file(X)',
    'name = env(X)',
    'parameters = { for x in [X, X] : x => 1 }',
    'parameters = { for x in split(",", "${X},${X}") : x => 1 }',
    'name = [for x in [{ (X) = 1 }] : x.y][0]',
    'name = jsondecode("{\\"${X}\\": 1}").z',
  ].map((text) => text.replaceAll(/\{ (\w+ (?:=|\{).*) \}$/g, '{\n $1\n}'));
  const ways: ReadonlyArray<readonly [way: string, prefix: string]> = [
    [`vault("secret/ceph", "key")`, ''],
    ['var.x', 'variable "x" {\n  sensitive = true\n}\n'],
    ['sensitive(local.x)', `locals {\n  x = env("KEY")\n}\n`],
    ['"<${var.x}>"', 'variable "x" {\n  sensitive = true\n}\n'],
  ];
  for (const place of places)
    for (const [way, prefix] of ways) {
      const result = await readFile(`${prefix}${volume(place.replaceAll('X', way))}`, {
        lookups: lookups([]),
        ...(prefix.includes('variable') && { vars: [`x=${SECRET}`] }),
      });
      if (shown(result).includes(SECRET)) t.fail(`${place} with ${way}:\n${shown(result)}`);
      if (result.diagnostics.length === 0 && result.specs === undefined) t.fail(place);
    }
  t.pass(`${places.length} places`);
});

t.test('no report shows a secret that stands in the file', async (t) => {
  const texts = [
    volume(`  x = 1 +\n  secrets {\n    userKey = "${SECRET}"\n  }`),
    volume(`  secrets {\n    userKey = "${SECRET}"\n    b = nothing.at.all\n  }`),
    volume(`  secrets {\n    userKey = upper("${SECRET}")\n    b = x\n  }`),
    volume(`  secrets {\n    userKey = "<\${"${SECRET}"}>"\n    b = x\n  }`),
    volume(`  secrets {\n    userKey = <<E\n${SECRET}\nE\n    b = x\n  }`),
    volume(`  secrets = { userKey = "${SECRET}", b = x }`),
    volume(`  secrets = merge({ userKey = "${SECRET}" }, x)`),
    volume(`  secrets = { userKey = ["${SECRET}"] }`),
    volume(`  secrets {\n    userKey = SECRET9876\n  }`),
    `locals {\n  admin_key = "${SECRET}"\n}\n${volume('  name = x')}`,
    `locals {\n  x = { passphrase = "${SECRET}" }\n}\n${volume('  name = x')}`,
    `locals {\n  x = sensitive("${SECRET}")\n}\n${volume('  name = local.x.y')}`,
    `variable "x" {\n  type = number\n  sensitive = true\n  default = "${SECRET}"\n}\n${volume('')}`,
    `variable "x" {\n  sensitive = true\n  default = "${SECRET}"\n  validation {\n    condition = false\n    error_message = "\${var.x}"\n  }\n}\n${volume('')}`,
    `variable "x" {\n  secret = "${SECRET}"\n}\n${volume('')}`,
  ];
  for (const text of texts) {
    const result = read(text);
    t.ok(result.diagnostics.length > 0, 'there is something to tell');
    t.notMatch(shown(result), 'SECRET9876', text);
  }
});

t.test('nor one that is given for a variable', async (t) => {
  const declared = 'variable "x" {\n  type = map(number)\n  sensitive = true\n}\n';
  const named = 'variable "user_key" {\n  type = number\n}\n';
  const cases = [
    read(`${declared}${volume('')}`, { vars: [`x={ a = "${SECRET}" }`] }),
    read(`${declared}${volume('')}`, { vars: [`x=${SECRET}`] }),
    read(`${declared}${volume('')}`, { environment: { PANNIER_VAR_x: `[${SECRET}` } }),
    read(`${named}${volume('')}`, { vars: [`user_key=${SECRET}`] }),
    read(`${named}${volume('')}`, { vars: [`user_key="${SECRET}"`, 'userkey=1'] }),
    ...[
      `x = { a = "${SECRET}" }\n`,
      `x = { a = SECRET9876 }\n`,
      `x = { a = "${SECRET}\n`,
      `{"x": {"a": "${SECRET}"}}`,
      `{"x": {"a": "${SECRET}"}, }`,
    ].map((text) => read(`${declared}${volume('')}`, { varFiles: [{ file: 'v', text }] })),
  ];
  for (const result of cases) {
    t.ok(result.diagnostics.length > 0, 'there is something to tell');
    t.notMatch(shown(result), 'SECRET9876');
  }
});

t.test('what is not secret stays readable', async (t) => {
  const result = read(
    volume(
      `  secrets {\n    userKey = vault("secret/ceph", 1, 2)\n    b = env("VISIBLE_NAME")\n  }`,
    ),
  );
  t.match(shown(result), 'userKey = vault("secret/ceph", 1, 2)');
  t.match(shown(result), 'env("VISIBLE_NAME")');
});
