import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toJson } from '@bufbuild/protobuf';
import t from 'tap';
import {
  CreateVolumeRequestSchema,
  VolumeCapabilitySchema,
} from '../../src/proto/csi/v1/csi_pb.js';
import { parseBytes } from '../../src/spec/bytes.js';
import { parseCapacity } from '../../src/spec/capacity.js';
import { capabilityOf, createVolumeRequest } from '../../src/spec/csi.js';
import { errorAt, hasErrors, warningAt } from '../../src/spec/diagnostic.js';
import { parseSpec } from '../../src/spec/parse.js';
import { readSpec } from '../../src/spec/read.js';
import { diagnosticsToJson, renderDiagnostics } from '../../src/spec/render.js';
import { EXAMPLE_FILE, exampleSpec } from '../../src/spec/template.js';
import { PARAMETER_NAMES } from '../../src/volume/parameters.js';

const SPEC = `type = "csi"
id = "i"
name = "n"
plugin_id = "p"
capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}
`;

function report(text: string, colour = false): string {
  const { diagnostics, sources } = parseSpec(text, 'volume.hcl');
  return renderDiagnostics(diagnostics, sources, { colour });
}

function specOf(text: string) {
  const { specs: [spec] = [], diagnostics } = parseSpec(SPEC + text, 'f');
  if (spec === undefined) throw new Error(JSON.stringify(diagnostics));
  return spec;
}

t.test('a report shows the place, the line, the part and what to do', async (t) => {
  t.equal(
    report(SPEC.replace('single-node-writer', 'single-node-writter')),
    `Error: Unknown access_mode "single-node-writter"

  on volume.hcl:6:21
  6 |   access_mode     = "single-node-writter"
    |                     ^^^^^^^^^^^^^^^^^^^^^

  Did you mean "single-node-writer"? Known are single-node-writer, single-node-reader-only, multi-node-reader-only, multi-node-single-writer, multi-node-multi-writer.`,
  );
});

t.test('a report is sorted by place, and what has none comes first', async (t) => {
  const { diagnostics } = parseSpec(`b = foo bar\n${SPEC}a = \nregion = "x"\n`, 'f');
  const text = renderDiagnostics([...diagnostics, errorAt(undefined, 'Whole', 'All.')], new Map(), {
    colour: false,
  });
  const lines = [...text.matchAll(/on f:(\d+):/g)].map(([, line]) => Number(line));
  t.same(
    lines,
    [...lines].sort((a, b) => a - b),
  );
  t.match(text, /^Error: Whole\n\n {2}All\.\n\nWarning: "b" has no effect\n\n {2}on f:1:1\n/);
});

t.test('a report keeps tabs, cuts long lines and lets no control characters through', async (t) => {
  t.match(
    report(`${SPEC}\tnamespace = [] # \u001b[31m\n`),
    '\n  9 | \tnamespace = [] # \ufffd[31m\n    | \t            ^^\n',
  );
  const long = report(`{"x": "${'y'.repeat(500)}", "type": "nfs", "z": "${'y'.repeat(500)}"}`);
  t.match(long, /\n {2}1 \| …y+", "type": "nfs", "z": "y+…\n {4}\| +\^{5}\n/);
  for (const line of long.split('\n').slice(0, 5)) t.ok(line.length < 120, 'the line is short');
});

t.test('a report has colours only where asked for', async (t) => {
  t.notMatch(report('type = "nfs"'), '\u001b');
  t.match(report('type = "nfs"', true), '\u001b[1;31mError:\u001b[0m');
  t.match(report('type = "nfs"', true), '\u001b[1;31m^^^^^\u001b[0m');
});

t.test('diagnostics for a program', async (t) => {
  const { diagnostics } = parseSpec('type = "nfs"', 'f');
  t.same(diagnosticsToJson(diagnostics), [
    {
      severity: 'error',
      summary: 'Unknown volume type "nfs"',
      detail: 'Write: type = "csi".',
      range: {
        filename: 'f',
        start: { line: 1, column: 8, offset: 7, byte: 7 },
        end: { line: 1, column: 13, offset: 12, byte: 12 },
      },
    },
  ]);
  t.same(diagnosticsToJson([warningAt(undefined, 'a', 'b', 'c')]), [
    { severity: 'warning', summary: 'a', detail: 'b', guess: 'c' },
  ]);
  t.equal(hasErrors([warningAt(undefined, 'a', 'b')]), false);
});

t.test('no report shows a secret', async (t) => {
  const secret = 'AQBxyzSECRET9876';
  const broken: Array<[name: string, text: string]> = [
    ['in quotes missing', `secrets { userKey = ${secret} }`],
    ['that is not closed', `secrets { userKey = "${secret}\n}`],
    ['with a wrong escape', `secrets { userKey = "\\q${secret}" }`],
    ['without an equals sign', `secrets { userKey "${secret}" }`],
    ['behind a colon', `secrets { userKey: "${secret}" }`],
    ['as the whole block', `secrets = "${secret}"`],
    ['without braces', `secrets userKey "${secret}"`],
    ['in a block that is not closed', `secrets {\n  a = "${secret}"\n  b = "${secret}"\n`],
    ['in a list', `secrets { a = ["${secret}"] }`],
    ['in a block in it', `secrets { a { b = "${secret}" } }`],
    ['written twice', `secrets { a = "${secret}" a = "${secret}" }`],
    ['as an octal number that is none', `secrets { a = 0${secret} }`],
    ['in a heredoc that is not closed', `secrets {\n  a = <<EOF\n${secret}\n`],
    ['in a block whose name is cut by a quote', `secret"s {\n  userKey = "${secret}"\n}`],
    ['in parameters, by its key', `parameters { userKey = ["${secret}"] }`],
    ['as a template', `secrets { a = "\${${secret}}" }`],
    ['in several lists', `secrets = [{ a = ["${secret}"] }, { b = {} }]`],
  ];
  for (const [name, text] of broken)
    t.test(name, async (t) => {
      for (const whole of [`${SPEC}${text}\n`, `${SPEC}x = foo bar\n${text}\n`]) {
        const { diagnostics, sources } = parseSpec(whole, 'f');
        t.ok(diagnostics.length > 0, 'there is something to tell');
        t.notMatch(renderDiagnostics(diagnostics, sources, { colour: false }), secret);
        t.notMatch(JSON.stringify(diagnosticsToJson(diagnostics)), secret);
        t.notMatch([...sources.values()].join(''), secret);
      }
    });
  t.test('and not in JSON', async (t) => {
    const { diagnostics, sources } = parseSpec(
      `{"type": "csi", "secrets": {"a": ["${secret}"], "userKey": ${secret}}}`,
      'f',
    );
    t.notMatch(renderDiagnostics(diagnostics, sources, { colour: false }), secret);
  });
  t.test('but what is none stays readable', async (t) => {
    t.match(report(`${SPEC}secrets { a = "b" }\nnamespace = ["readable"]\n`), 'readable');
  });
});

t.test('sizes', async (t) => {
  t.same(parseBytes('10 GiB'), { bytes: 10n << 30n });
  t.same(parseBytes('15EiB'), { bytes: 15n << 60n });
  t.same(parseBytes('0'), { bytes: 0n });
  t.same(parseBytes('1e3'), { problem: 'unhandled size name: e3', unit: 'e3' });
  t.same(parseBytes('16EiB'), { problem: 'too large: 16EiB' });
  t.same(parseBytes('-1'), { problem: 'strconv.ParseFloat: parsing "": invalid syntax' });
  t.same(parseBytes('1.2.3'), { problem: 'strconv.ParseFloat: parsing "1.2.3": invalid syntax' });
  t.same(parseBytes('9'.repeat(400)), {
    problem: `strconv.ParseFloat: parsing "${'9'.repeat(400)}": value out of range`,
  });
  t.equal(parseCapacity(' 20GiB '), 20n << 30n);
  t.throws(() => parseCapacity('20 GiBB'), {
    message: '"20 GiBB" is not a size such as 10GiB: unhandled size name: gibb',
  });
  t.throws(() => parseCapacity('8EiB'), { message: /too large/ });
});

t.test('CreateVolume as Nomad sends it', async (t) => {
  const request = (text: string) =>
    toJson(
      CreateVolumeRequestSchema,
      create(CreateVolumeRequestSchema, createVolumeRequest(specOf(text))),
    );
  const least = {
    name: 'n',
    volumeCapabilities: [{ mount: {}, accessMode: { mode: 'SINGLE_NODE_WRITER' } }],
    accessibilityRequirements: {},
  };
  t.same(request(''), least, 'the name, not the ID; no sizes, but always a topology');
  t.same(request('capacity_min = "1GiB"'), {
    ...least,
    capacityRange: { requiredBytes: '1073741824' },
  });
  t.same(request('capacity_max = 5'), { ...least, capacityRange: { limitBytes: '5' } });
  t.same(request('snapshot_id = "s"'), {
    ...least,
    volumeContentSource: { snapshot: { snapshotId: 's' } },
  });
  t.same(request('clone_id = "c"'), {
    ...least,
    volumeContentSource: { volume: { volumeId: 'c' } },
  });
  t.same(request('parameters { a = 1 }\nsecrets { b = 2 }\ncontext { c = 3 }'), {
    ...least,
    parameters: { a: '1' },
    secrets: { b: '2' },
  });
  t.same(
    request(
      'topology_request { required { topology { segments { a = 1 } } } preferred { topology { segments { b = 2 } } } }',
    ),
    {
      ...least,
      accessibilityRequirements: {
        requisite: [{ segments: { a: '1' } }],
        preferred: [{ segments: { b: '2' } }],
      },
    },
  );
  t.same(
    request(
      'mount_options { fs_type = "xfs" mount_flags = ["noatime"] }\ncapability { access_mode = "multi-node-multi-writer" attachment_mode = "block-device" }',
    ),
    {
      ...least,
      volumeCapabilities: [
        {
          mount: { fsType: 'xfs', mountFlags: ['noatime'] },
          accessMode: { mode: 'SINGLE_NODE_WRITER' },
        },
        { block: {}, accessMode: { mode: 'MULTI_NODE_MULTI_WRITER' } },
      ],
    },
  );
});

t.test('every access mode has its number in CSI', async (t) => {
  for (const [word, mode] of [
    ['single-node-writer', 1],
    ['single-node-reader-only', 2],
    ['multi-node-reader-only', 3],
    ['multi-node-single-writer', 4],
    ['multi-node-multi-writer', 5],
    ['single-node-single-writer', 6],
    ['single-node-multi-writer', 7],
  ] as const) {
    const spec = specOf(`capability { access_mode = "${word}" attachment_mode = "block-device" }`);
    const { accessMode } = create(VolumeCapabilitySchema, capabilityOf(spec, 1));
    t.equal(Number(accessMode?.mode), mode, word);
  }
  t.throws(() => capabilityOf(specOf(''), 1), RangeError);
});

t.test('a specification comes from a file or from standard input', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pannier-spec-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'v.hcl');
  await writeFile(path, SPEC);
  const { specs: [spec] = [], sources } = await readSpec(path);
  t.equal(spec?.name, 'n');
  t.same([...sources.keys()], [path]);
  async function* input() {
    yield Buffer.from(SPEC.slice(0, 30));
    yield SPEC.slice(30);
  }
  t.equal((await readSpec('-', { input: input() })).specs?.[0]?.name, 'n');
  const absent = await readSpec(join(folder, 'absent.hcl'));
  t.equal(absent.specs, undefined);
  t.match(absent.diagnostics, [
    { severity: 'error', summary: /^Cannot read .*absent\.hcl$/, detail: /no such file/ },
  ]);
  t.match((await readSpec(folder)).diagnostics, [{ summary: /^Cannot read/, detail: /EISDIR/ }]);
});

t.test('the examples are valid, and so is everything that they leave out', async (t) => {
  for (const format of ['hcl', 'json'] as const) {
    const { specs: [spec] = [], diagnostics } = parseSpec(
      exampleSpec(format),
      EXAMPLE_FILE[format],
    );
    t.same(diagnostics, [], format);
    t.equal(spec?.name, 'data');
  }
  const all = exampleSpec('hcl').replace(/^( *)# ?( *(?:[\w]+ *= *["[].*|\w+ \{|\}))$/gm, '$1$2');
  const { specs: [spec] = [], diagnostics } = parseSpec(all, 'f');
  t.same(diagnostics, []);
  t.same(Object.keys(spec?.parameters ?? {}).sort(), [...PARAMETER_NAMES].sort());
  t.same(Object.keys(spec?.secrets ?? {}), ['userID', 'userKey']);
  t.equal(spec?.capacityMax, 10n << 30n);
  t.same(spec?.mountOptions?.mountFlags, ['noatime']);
});

t.test('the job specifications in the repository are valid', async (t) => {
  const path = 'jobspecs/nomad/data.volume.hcl';
  const { specs: [spec] = [], diagnostics } = parseSpec(await readFile(path), path);
  t.same(diagnostics, []);
  t.equal(spec?.capacityMin, 1n << 30n);
  t.equal(spec?.mountOptions?.fsType, 'xfs');
});
