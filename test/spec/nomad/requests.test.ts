import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import {
  nomadJson,
  nomadVolume,
  nomadVolumePath,
  nomadVolumeRequest,
} from '../../../src/spec/nomad.js';
import { parseSpec } from '../../../src/spec/parse.js';
import { readSpec } from '../../../src/spec/read.js';
import type { VolumeSpec } from '../../../src/spec/volume.js';
import { corpus } from '../corpus.js';
import { runNomad } from './cli.js';
import type { Chapter, Feature } from './feature.js';
import { KEYS, TWICE } from './keys.js';
import { HCL_TEXTS, JSON_TEXTS, MISSING, TOPOLOGY, TYPES } from './texts.js';
import { CAPACITY, VALUES } from './values.js';

const SPEC = `type      = "csi"
id        = "i"
name      = "n"
plugin_id = "p"
capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}
`;

type Verb = 'create' | 'register';

const CHAPTERS: Readonly<Record<string, Chapter>> = {
  keys: KEYS,
  'written twice': TWICE,
  values: VALUES,
  capacity: CAPACITY,
  topology: TOPOLOGY,
  JSON: JSON_TEXTS,
  HCL: HCL_TEXTS,
  type: TYPES,
  'what is missing': MISSING,
};

/** JSON with its numbers as they are written, so that none loses digits. */
function exact(text: string): unknown {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown;
  return parse(text, (_, value, { source }) => (typeof value === 'number' ? source : value));
}

function ours(verb: Verb, spec: VolumeSpec) {
  const body = nomadJson(nomadVolumeRequest(nomadVolume(spec)));
  return { method: 'PUT', url: nomadVolumePath(spec.id, verb), body: exact(body) };
}

async function theirs(verb: Verb, text: string | Uint8Array) {
  const { sent, output } = await runNomad(['volume', verb, '-'], text);
  return { output, sent: sent.map(({ body, ...rest }) => ({ ...rest, body: exact(body) })) };
}

t.jobs = 2;

t.test('the id goes into the path', async (t) => {
  const named = (id: string) => SPEC.replace('"i"', JSON.stringify(id));
  for (const id of ['a', 'a[0]', 'a [0]', 'größe', "a'b!(c)*", 'a/b', 'a:b@c;d,e&f=g+h', 'a~b\\c'])
    for (const verb of ['create', 'register'] as const) {
      const { specs: [spec] = [] } = parseSpec(named(id), 'f');
      t.same((await theirs(verb, named(id))).sent, [spec && ours(verb, spec)], `${verb} ${id}`);
    }
  for (const [id, url] of [
    ['a#b', '/v1/volume/csi/a'],
    ['a?b', '/v1/volume/csi/a?b%2Fcreate='],
  ] as const)
    t.match((await theirs('create', named(id))).sent, [{ url }], `${id} leads elsewhere`);
  t.match(await theirs('create', named('a%b')), { sent: [], output: /invalid URL escape/ });
  t.match(await theirs('create', named('a\nb')), { sent: [], output: /invalid control character/ });
  for (const id of ['a#b', 'a?b', 'a%b', 'a\nb'])
    t.match(parseSpec(named(id), 'f').diagnostics, [
      { severity: 'warning', summary: /in its id$/ },
    ]);
});

t.test(
  'a file may have any name, and bytes that are no UTF-8 are refused even in a comment',
  async (t) => {
    const file = join(await mkdtemp(join(tmpdir(), 'pannier-spec-')), 'volume.txt');
    t.teardown(() => rm(dirname(file), { recursive: true }));
    await writeFile(file, SPEC);
    const { specs: [spec] = [] } = await readSpec(file);
    const { sent } = await runNomad(['volume', 'create', file], '');
    t.same(
      sent.map(({ url, body }) => [url, exact(body)]),
      spec && [[ours('create', spec).url, ours('create', spec).body]],
    );
    const latin = Buffer.from(`# \xe9\n${SPEC}`, 'latin1');
    t.match(await theirs('create', latin), { sent: [], output: /Error parsing/ });
    t.match(parseSpec(latin, 'f').diagnostics, [{ summary: 'This is not UTF-8' }]);
  },
);

t.test("the examples that Nomad's command line writes are sent as Nomad sends them", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pannier-spec-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const source = '"snapshot_id" has no effect on a volume that exists';
  for (const [name, flags, told] of [
    ['volume.hcl', [], [source]],
    // Nomad's own example loses its second required topology.
    ['volume.json', ['-json'], [source, '"required" is written above already']],
  ] as const) {
    const file = join(folder, name);
    t.equal((await runNomad(['volume', 'init', '-type=csi', ...flags, file], '')).code, 0);
    const text = await readFile(file);
    const { specs: [spec] = [], diagnostics } = parseSpec(text, name);
    t.same((await theirs('create', text)).sent, [spec && ours('create', spec)], name);
    t.same(
      diagnostics.map(({ summary }) => summary),
      told,
      name,
    );
  }
});

t.test('-policy-override is in the body', async (t) => {
  const { specs: [spec] = [] } = parseSpec(SPEC, 'f');
  const { sent } = await runNomad(['volume', 'create', '-policy-override', '-'], SPEC);
  t.same(
    sent.map(({ body }) => exact(body)),
    spec && [exact(nomadJson(nomadVolumeRequest(nomadVolume(spec), { policyOverride: true })))],
  );
});

for (const { name, content } of corpus())
  t.test(`${name} is sent as Nomad sends it`, async (t) => {
    const { specs: [spec] = [], diagnostics } = parseSpec(content, name);
    if (spec === undefined) throw new Error(JSON.stringify(diagnostics));
    for (const verb of ['create', 'register'] as const)
      t.same((await theirs(verb, content)).sent, [ours(verb, spec)], verb);
  });

for (const [name, chapter] of Object.entries(CHAPTERS))
  t.test(name, async (t) => {
    t.jobs = 2;
    for (const feature of chapter) t.test(titleOf(feature), (t) => compare(t, feature));
  });

/** The end of what is tried, which tells it from the others, in letters that a test's title may have. */
function titleOf({ text }: Feature): string {
  return JSON.stringify(text)
    .replace(/[^ -~]|#/g, '?')
    .slice(-80);
}

async function compare(t: Test, { text, whole, becomes, says, told }: Feature) {
  const content = whole ? text : SPEC + text;
  const first = whole ? 1 : SPEC.split('\n').length;
  const { specs, diagnostics } = parseSpec(content, 'f');
  t.same(
    diagnostics.map(({ severity, range, summary, guess }) => {
      const { line = 0, column = 0 } = range?.start ?? {};
      const meant = guess === undefined ? '' : ` [${guess}]`;
      return `${severity === 'error' ? 'E' : 'W'} ${line - first + 1}:${column} ${summary}${meant}`;
    }),
    told,
  );
  const { sent, output } = await theirs('create', content);
  if (becomes === 'same') t.same(sent, [ours('create', specs?.[0] as VolumeSpec)], output);
  else t.equal(specs, undefined, 'there is no specification');
  if (becomes === 'vain') t.equal(sent.length, 1, output);
  if (becomes === 'refused') t.same(sent, []);
  if (says !== undefined) t.match(output, says);
}
