import t from 'tap';
import type { Diagnostic } from '../../src/spec/diagnostic.js';
import { parseSpec, type ReadSpec } from '../../src/spec/parse.js';
import type { VolumeSpec } from '../../src/spec/volume.js';

const CAPABILITY = `capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}
`;
/** Ten lines: what a test adds begins on line 10. */
const SPEC = `type      = "csi"
id        = "i"
name      = "n"
plugin_id = "p"
${CAPABILITY}
`;
const FIRST = SPEC.split('\n').length;

const EMPTY: VolumeSpec = {
  type: 'csi',
  id: 'i',
  name: 'n',
  namespace: '',
  pluginId: 'p',
  externalId: '',
  snapshotId: '',
  cloneId: '',
  capacityMin: 0n,
  capacityMax: 0n,
  capabilities: [{ accessMode: 'single-node-writer', attachmentMode: 'file-system' }],
};

/** The one specification of a file, without its places. */
function only({ specs }: ReadSpec): VolumeSpec | undefined {
  const { places: _, ...spec } = specs?.[0] ?? {};
  return specs === undefined ? undefined : (spec as VolumeSpec);
}

/** "E 1:5 summary": severity, place (the line counted from what the test added) and summary. */
function told(diagnostics: readonly Diagnostic[], first = FIRST): string[] {
  return diagnostics.map(({ severity, range, summary, guess }) => {
    const start =
      range === undefined ? '' : `${range.start.line - first + 1}:${range.start.column} `;
    return `${severity === 'error' ? 'E' : 'W'} ${start}${summary}${guess === undefined ? '' : ` [${guess}]`}`;
  });
}

interface Case {
  readonly name: string;
  /** Put behind a whole specification. */
  readonly text: string;
  /** What it changes; absent where there is no specification. */
  readonly spec?: Partial<VolumeSpec>;
  readonly told?: readonly string[];
}

function check(cases: readonly Case[], base = SPEC): void {
  for (const { name, text, spec, told: expected = [] } of cases)
    t.test(name, async (t) => {
      const read = parseSpec(base + text, 'f');
      t.same(told(read.diagnostics), expected);
      t.same(only(read), spec === undefined ? undefined : { ...EMPTY, ...spec });
    });
}

t.test('a whole specification', async (t) => {
  const read = parseSpec(
    `id = "data[0]"
name = "data"
type = "csi"
namespace = "team"
plugin_id = "pannier"
external_id = "ceph/rbd/image"
snapshot_id = "snap"
capacity_min = "10GiB"
capacity_max = "20G"
capability {
  access_mode = "single-node-writer"
  attachment_mode = "file-system"
}
capability { access_mode = "multi-node-multi-writer" attachment_mode = "block-device" }
mount_options { fs_type = "xfs" mount_flags = ["noatime", "discard"] }
topology_request {
  required {
    topology { segments { rack = "R1" } }
    topology { segments { rack = "R2", zone = "x" } }
  }
  preferred { topology { segments { rack = "R1" } } }
}
secrets { userID = "u" }
parameters { pool = "rbd" }
context { name = "data" }
`,
    'f',
  );
  t.same(told(read.diagnostics, 1), ['W 7:1 "snapshot_id" has no effect on a volume that exists']);
  t.same(only(read), {
    type: 'csi',
    id: 'data[0]',
    name: 'data',
    namespace: 'team',
    pluginId: 'pannier',
    externalId: 'ceph/rbd/image',
    snapshotId: 'snap',
    cloneId: '',
    capacityMin: 10n << 30n,
    capacityMax: 20_000_000_000n,
    capabilities: [
      { accessMode: 'single-node-writer', attachmentMode: 'file-system' },
      { accessMode: 'multi-node-multi-writer', attachmentMode: 'block-device' },
    ],
    mountOptions: { fsType: 'xfs', mountFlags: ['noatime', 'discard'] },
    topologyRequest: {
      required: [{ rack: 'R1' }, { rack: 'R2', zone: 'x' }],
      preferred: [{ rack: 'R1' }],
    },
    secrets: { userID: 'u' },
    parameters: { pool: 'rbd' },
    context: { name: 'data' },
  });
});

t.test('type', async (t) => {
  const typed = (text: string) => told(parseSpec(text, 'f').diagnostics, 1);
  t.same(typed(SPEC.replace('"csi"', '"CSI"')), [], 'in any case');
  t.same(typed('type = "host"\n'), ['E 1:8 Host volumes are no CSI volumes']);
  t.same(typed('type = "nfs"\n'), ['E 1:8 Unknown volume type "nfs"']);
  t.same(typed('type = ["csi"]\n'), ['E 1:8 "type" must be text']);
  t.same(typed('name = "x"\n'), ['E 1:1 This is no volume specification']);
  t.same(typed('name = "x"\ntpye = "csi"\n'), ['E 2:1 The type is missing [type]']);
  t.same(typed(''), ['E 1:1 This is no volume specification']);
  const job = parseSpec('job "x" {}\n', 'f').diagnostics[0];
  t.match(job?.detail, 'looks like a job');
  const wrapped = parseSpec('{"Volumes": [{"ID": "x"}]}', 'f').diagnostics[0];
  t.match(wrapped?.detail, "Nomad's API takes another form");
  t.same(
    typed(`type = "host"\n${SPEC}`),
    ['W 1:1 "type" is written again below'],
    'the last counts',
  );
});

t.test('what is missing', async (t) => {
  const missing = (text: string) => told(parseSpec(text, 'f').diagnostics, 1);
  t.same(missing(`type = "csi"\nid = "i"\nplugin_id = "p"\n${CAPABILITY}`), [
    'E 1:1 The volume has no name',
  ]);
  t.same(missing(`type = "csi"\nid = "i"\nname = ""\nplugin_id = "p"\n${CAPABILITY}`), [
    'E 3:8 The volume has no name',
  ]);
  t.same(missing(`type = "csi"\nname = "n"\n${CAPABILITY}`), [
    'W 1:1 The volume has no id',
    'W 1:1 The volume has no plugin_id',
  ]);
  t.ok(parseSpec(`type = "csi"\nname = "n"\n${CAPABILITY}`, 'f').specs, 'a plugin needs no id');
  t.same(missing('type = "csi"\nid = "i"\nname = "n"\nplugin_id = "p"\n'), [
    'E 1:1 There is no capability block',
  ]);
  t.same(
    missing('type = "csi"\nid = "i"\nname = "n"\nplugin_id = "p"\naccess_mode = "x"\n'),
    ['E 5:1 There is no capability block', 'W 5:1 "access_mode" has no effect'],
    'at the top it is no capability',
  );
  t.same(
    missing(`type = "csi"\nname = foo\n`),
    ['E 2:8 foo needs quotes'],
    'nothing is called missing where the text could not be read',
  );
});

t.test('keys', async () => {
  check([
    {
      name: 'in other cases are the same keys',
      text: 'NAMESPACE = "x"\nExternal_ID = "y"',
      spec: { namespace: 'x', externalId: 'y' },
    },
    {
      name: 'in two spellings are an error',
      text: 'Name = "x"',
      told: ['E 1:1 "name" is written in two ways'],
    },
    {
      name: 'of secrets in two spellings are an error',
      text: 'secrets {}\nSecrets {}',
      told: ['E 2:1 "secrets" is written in two ways'],
    },
    {
      name: 'that Nomad does not know have no effect',
      text: 'region = "x"\nread_only = true\nper_alloc = 1\nconstraint {}',
      spec: {},
      told: [
        'W 1:1 "region" has no effect',
        'W 2:1 "read_only" has no effect',
        'W 3:1 "per_alloc" has no effect',
        'W 4:1 "constraint" has no effect',
      ],
    },
    {
      name: 'that are nearly known come with a guess',
      text: 'capcity_min = "1GiB"\nmount_option {}',
      spec: {},
      told: [
        'W 1:1 "capcity_min" has no effect [capacity_min]',
        'W 2:1 "mount_option" has no effect [mount_options]',
      ],
    },
    {
      name: 'with dots have no effect',
      text: 'a.b = 1',
      spec: {},
      told: ['W 1:1 "a.b" has no effect'],
    },
    {
      name: "of Nomad's state are sent, and told of",
      text: 'AccessMode = "x"\nSchedulable = true\nCreateIndex = 5',
      spec: { nomadState: { AccessMode: 'x', Schedulable: true, CreateIndex: 5n } },
      told: [
        'W 1:1 "AccessMode" is Nomad\'s own state',
        'W 2:1 "Schedulable" is Nomad\'s own state',
        'W 3:1 "CreateIndex" is Nomad\'s own state',
      ],
    },
    {
      name: "of Nomad's state with a value that Nomad refuses are an error",
      text: 'capacity = "10GiB"',
      told: ['E 1:12 "capacity" cannot be set like this'],
    },
    {
      name: 'in the spelling of the API do not work',
      text: 'PluginID = "q"\nRequestedCapacityMin = 1',
      spec: {},
      told: [
        'W 1:1 "PluginID" has no effect [plugin_id]',
        'W 2:1 "RequestedCapacityMin" has no effect',
      ],
    },
  ]);
});

t.test('text', async () => {
  const values: Array<[written: string, text: string]> = [
    ['true', '1'],
    ['false', '0'],
    ['0777', '511'],
    ['0x1F', '31'],
    ['-5', '-5'],
    ['1.50', '1.5'],
    ['1e3', '1000'],
    ['1e30', '1000000000000000000000000000000'],
    ['1.5e-7', '0.00000015'],
    ['-0.0', '-0'],
    ['9223372036854775807', '9223372036854775807'],
    ['<<EOF\nx\nEOF', 'x\n'],
    ['"{{ x }}"', '{{ x }}'],
  ];
  check(
    values.map(([written, text]) => ({
      name: `${written} becomes "${text}"`,
      text: `namespace = ${written}\nparameters { a = ${written}\n }`,
      spec: { namespace: text, parameters: { a: text } },
    })),
  );
  check([
    {
      name: 'written twice: the last counts',
      text: 'namespace = "a"\nnamespace = "b"',
      spec: { namespace: 'b' },
      told: ['W 1:1 "namespace" is written again below'],
    },
    {
      name: 'after text a number stays as written',
      text: 'parameters { a = "x" a = 0777 }',
      spec: { parameters: { a: '0777' } },
      told: ['W 1:14 "a" is written again below'],
    },
    {
      name: 'after a number text must be one',
      text: 'parameters { a = 1 a = "x" }',
      told: ['E 1:24 "a" is a string here and was of another type before'],
    },
    {
      name: 'that is a list is an error',
      text: 'namespace = ["x"]',
      told: ['E 1:13 "namespace" must be text, not a list'],
    },
    {
      name: 'that is a block is an error',
      text: 'namespace {}',
      told: ['E 1:11 "namespace" must be text, not a block'],
    },
    {
      name: 'that is a block with a label is an error',
      text: 'namespace "x" {}',
      told: ['E 1:1 "namespace" is no block'],
    },
    {
      name: 'with a template goes as it stands, and is told of',
      text: `parameters { a = "\${b}" }`,
      spec: { parameters: { a: `\${b}` } },
      told: ['W 1:18 Nothing is put in for a dollar sign and braces'],
    },
    {
      name: 'both sources exclude each other',
      text: 'snapshot_id = "a"\nclone_id = "b"',
      told: ['E 2:12 snapshot_id and clone_id exclude each other'],
    },
  ]);
  check(
    [
      {
        name: 'an id that a URL cannot hold is told of',
        text: 'id = "a#b"\n',
        spec: { id: 'a#b' },
        told: ['W 1:6 Nomad cannot create a volume with "#" in its id'],
      },
    ],
    SPEC.replace('id        = "i"', ''),
  );
});

t.test('secrets, parameters and context', async () => {
  check([
    {
      name: 'that are empty are the same in every form',
      text: 'secrets {}\nparameters = {}\ncontext = [{}, {}]',
      spec: { secrets: {}, parameters: {}, context: {} },
    },
    {
      name: 'are merged by key, and the last of a key counts',
      text: 'parameters { a = 1, b = 2 }\nparameters { b = 3 }',
      spec: { parameters: { a: '1', b: '3' } },
      told: ['W 1:21 "b" is written again in parameters below'],
    },
    {
      name: 'may be a list of objects',
      text: 'parameters = [{ a = 1 }, { b = true }]',
      spec: { parameters: { a: '1', b: '1' } },
    },
    {
      name: 'keep the case of their keys',
      text: 'parameters { A = 1, a = 2 }',
      spec: { parameters: { A: '1', a: '2' } },
    },
    {
      name: 'take quoted keys and dots',
      text: 'parameters { "a b" = 1, c.d = 2 }',
      spec: { parameters: { 'a b': '1', 'c.d': '2' } },
    },
    {
      name: 'hold no lists',
      text: 'parameters { a = [] }',
      told: ['E 1:18 "a" must be text, not a list'],
    },
    {
      name: 'hold no blocks',
      text: 'parameters { a {} }',
      told: ['E 1:16 "a" must be text, not a block'],
    },
    {
      name: 'hold no blocks with labels',
      text: 'parameters { a "b" {} }',
      told: ['E 1:14 "a" is no block'],
    },
    { name: 'take no label', text: 'secrets "x" {}', told: ['E 1:9 "secrets" takes no label'] },
    {
      name: 'are no text',
      text: 'parameters = "x"',
      told: ['E 1:14 "parameters" must be a block, not a string'],
    },
    {
      name: 'are no list of text',
      text: 'parameters = ["x"]',
      told: ['E 1:15 "parameters" must be a block, not a string'],
    },
  ]);
});

t.test('capabilities', async () => {
  const block = { accessMode: 'multi-node-reader-only', attachmentMode: 'block-device' } as const;
  check([
    {
      name: 'are appended, in any case of the key',
      text: 'Capability { access_mode = "multi-node-reader-only" attachment_mode = "block-device" }',
      spec: { capabilities: [...EMPTY.capabilities, block] },
    },
    {
      name: 'may be written with "="',
      text: 'capability = { access_mode = "multi-node-reader-only", attachment_mode = "block-device" }',
      spec: { capabilities: [...EMPTY.capabilities, block] },
    },
    {
      name: 'of an unknown access mode are an error',
      text: 'capability { access_mode = "single-node-writter" attachment_mode = "file-system" }',
      told: ['E 1:28 Unknown access_mode "single-node-writter" [single-node-writer]'],
    },
    {
      name: 'of an access mode in capitals are an error',
      text: 'capability { access_mode = "Single-Node-Writer" attachment_mode = "file-system" }',
      told: ['E 1:28 Unknown access_mode "Single-Node-Writer" [single-node-writer]'],
    },
    {
      name: 'of an unknown attachment mode are an error',
      text: 'capability { access_mode = "single-node-writer" attachment_mode = "filesystem" }',
      told: ['E 1:67 Unknown attachment_mode "filesystem" [file-system]'],
    },
    {
      name: 'of a mode that Nomad has for host volumes only are told of',
      text: 'capability { access_mode = "single-node-multi-writer" attachment_mode = "file-system" }',
      spec: {
        capabilities: [
          ...EMPTY.capabilities,
          { accessMode: 'single-node-multi-writer', attachmentMode: 'file-system' },
        ],
      },
      told: ['W 1:28 Nomad knows single-node-multi-writer for host volumes only'],
    },
    {
      name: 'that are empty are an error',
      text: 'capability {}',
      told: [
        'E 1:1 "access_mode" is missing in this capability',
        'E 1:1 "attachment_mode" is missing in this capability',
      ],
    },
    {
      name: 'with unknown keys are an error',
      text: 'capability { access_mode = "single-node-writer" attachment_mode = "file-system" mode = 1 }',
      told: ['E 1:81 Unknown key "mode" in capability'],
    },
    {
      name: 'with keys in capitals are an error',
      text: 'capability { ACCESS_MODE = "x" attachment_mode = "file-system" }',
      told: [
        'E 1:1 "access_mode" is missing in this capability',
        'E 1:14 Unknown key "ACCESS_MODE" in capability [access_mode]',
      ],
    },
    {
      name: 'written with a key twice: the last counts',
      text: 'capability { access_mode = "x" access_mode = "multi-node-reader-only" attachment_mode = "block-device" }',
      spec: { capabilities: [...EMPTY.capabilities, block] },
      told: ['W 1:14 "access_mode" is written again below'],
    },
    {
      name: 'as a list are an error',
      text: 'capability = [{ access_mode = "x" }]',
      told: ['E 1:14 "capability" must be a block, not a list'],
    },
    {
      name: 'some with a label are an error',
      text: 'capability "x" {}',
      told: ['E 1:12 A "capability" block takes no label'],
    },
  ]);
  check(
    [
      {
        name: 'all with a label are lost',
        text: 'capability "x" {}',
        told: ['E -8:1 There is no capability block', 'W 1:12 A "capability" block takes no label'],
      },
    ],
    SPEC.replace(CAPABILITY, '\n\n\n\n'),
  );
});

t.test('mount options', async () => {
  const options = (fsType: string, mountFlags?: string[]) => ({
    mountOptions: { fsType, ...(mountFlags && { mountFlags }) },
  });
  check([
    { name: 'that are empty are there', text: 'mount_options {}', spec: options('') },
    {
      name: 'may be written with "="',
      text: 'mount_options = { fs_type = "xfs" }',
      spec: options('xfs'),
    },
    {
      name: 'keep numbers and booleans as written',
      text: 'mount_options { fs_type = 0777 mount_flags = [true, 0777, 1.50] }',
      spec: options('0777', ['true', '0777', '1.50']),
      told: ['W 1:27 Pannier makes no file system "0777"'],
    },
    {
      name: 'may have quoted keys',
      text: 'mount_options { "fs_type" = "xfs" }',
      spec: options('xfs'),
    },
    {
      name: 'written twice: the first counts',
      text: 'mount_options { fs_type = "xfs" }\nmount_options { fs_type = "ext4" }',
      spec: options('xfs'),
      told: ['W 2:1 "mount_options" is written above already'],
    },
    {
      name: 'with flags written twice are joined',
      text: 'mount_options { mount_flags = ["a"] mount_flags = ["b"] }',
      spec: options('', ['a', 'b']),
    },
    {
      name: 'with unknown keys are an error',
      text: 'mount_options { fstype = "x" }',
      told: ['E 1:17 Unknown key "fstype" in mount_options [fs_type]'],
    },
    {
      name: 'with flags that are no list are an error',
      text: 'mount_options { mount_flags = "a" }',
      told: ['E 1:31 "mount_flags" must be a list, not a string'],
    },
    {
      name: 'with flags in flags are an error',
      text: 'mount_options { mount_flags = [["a"]] }',
      told: ['E 1:32 A mount flag must be text, not a list'],
    },
    {
      name: 'with a file system that is no text are an error',
      text: 'mount_options { fs_type = [] }',
      told: ['E 1:27 "fs_type" must be text'],
    },
    {
      name: 'with a label are lost',
      text: 'mount_options "x" { fs_type = "xfs" }',
      spec: {},
      told: ['W 1:15 A "mount_options" block takes no label'],
    },
    {
      name: 'as a list are an error',
      text: 'mount_options = [{ fs_type = "x" }]',
      told: ['E 1:17 "mount_options" must be a block, not a list'],
    },
  ]);
});

t.test('capacity', async () => {
  const taken: Array<[written: string, bytes: bigint]> = [
    ['"10GiB"', 10n << 30n],
    ['"10 GiB"', 10n << 30n],
    ['"10  gib"', 10n << 30n],
    ['"10GiB "', 10n << 30n],
    ['"10Gi"', 10n << 30n],
    ['"10G"', 10_000_000_000n],
    ['"10gb"', 10_000_000_000n],
    ['"1,024MB"', 1_024_000_000n],
    ['".5GiB"', 1n << 29n],
    ['"7EiB"', 7n << 60n],
    ['1073741824', 1n << 30n],
    ['010', 10n],
    ['10.5', 10n],
    ['""', 0n],
  ];
  check(
    taken.map(([written, bytes]) => ({
      name: `${written} is ${bytes} bytes`,
      text: `capacity_min = ${written}`,
      spec: { capacityMin: bytes },
    })),
  );
  const refused: Array<[written: string, guess: string]> = [
    ['"10 GiBB"', ' [GiB]'],
    ['" 10GiB"', ''],
    ['"-1"', ''],
    ['-1', ''],
    ['1e3', ''],
    ['0x10', ''],
    ['<<EOF\n1\nEOF\n', ''],
    ['"16EiB"', ''],
    ['true', ''],
    ['"1.2.3"', ''],
  ];
  check(
    refused.map(([written, guess]) => ({
      name: `${written} is refused`,
      text: `capacity_max = ${written}`,
      told: [`E 1:16 Invalid capacity_max${guess}`],
    })),
  );
  check([
    {
      name: 'over 2^63 - 1 would wrap to a negative number',
      text: 'capacity_min = "8EiB"',
      told: ['E 1:16 capacity_min is too large'],
    },
    {
      name: 'of 2^63 bytes would wrap too',
      text: 'capacity_min = "9223372036854775808"',
      told: ['E 1:16 capacity_min is too large'],
    },
    {
      name: 'of 0 counts as not written',
      text: 'capacity_min = 0',
      spec: {},
      told: ['W 1:16 capacity_min is 0 bytes, and counts as not written'],
    },
    {
      name: 'under a byte counts as not written',
      text: 'capacity_min = "0.1B"',
      spec: {},
      told: ['W 1:16 capacity_min is 0 bytes, and counts as not written'],
    },
    {
      name: 'that loses digits is told of',
      text: 'capacity_min = 9007199254740993',
      spec: { capacityMin: 9007199254740992n },
      told: ['W 1:16 capacity_min becomes 9007199254740992 bytes'],
    },
    {
      name: 'that is a list counts as not written',
      text: 'capacity_min = [1]',
      spec: {},
      told: ['W 1:16 "capacity_min" is a list, and counts as not written'],
    },
    {
      name: 'written twice: the first counts',
      text: 'capacity_min = "1G"\ncapacity_min = "2G"',
      spec: { capacityMin: 1_000_000_000n },
      told: ['W 2:1 "capacity_min" is written above already'],
    },
    {
      name: 'below another is refused',
      text: 'capacity_min = "2G"\ncapacity_max = "1G"',
      told: ['E 2:16 capacity_max is below capacity_min'],
    },
  ]);
  const [invalid] = parseSpec(`${SPEC}capacity_min = "10 GiBB"`, 'f').diagnostics;
  t.match(invalid?.detail, 'could not parse value as bytes: unhandled size name: gibb');
});

t.test('topology', async () => {
  const request = (required: object[], preferred: object[] = []) =>
    ({ topologyRequest: { required, preferred } }) as Partial<VolumeSpec>;
  check([
    {
      name: 'that asks for nothing is sent empty, and told of',
      text: 'topology_request {}',
      spec: request([]),
      told: ['W 1:1 "topology_request" asks for nothing'],
    },
    {
      name: 'keeps numbers and booleans as written',
      text: 'topology_request { required { topology { segments { a = 010, b = true } } } }',
      spec: request([{ a: '010', b: 'true' }]),
    },
    {
      name: 'several segments in a topology are several topologies',
      text: 'topology_request { required { topology { segments { a = 1 } segments { b = 2 } } } }',
      spec: request([{ a: '1' }, { b: '2' }]),
    },
    {
      name: 'empty segments are none',
      text: 'topology_request { required { topology { segments {} } topology { segments { a = 1 } } } }',
      spec: request([{ a: '1' }]),
    },
    {
      name: 'a second group does not count',
      text: 'topology_request {\nrequired { topology { segments { a = 1 } } }\nrequired { topology { segments { b = 1 } } }\n}',
      spec: request([{ a: '1' }]),
      told: ['W 3:1 "required" is written above already'],
    },
    {
      name: 'an empty group gives way to the next',
      text: 'topology_request {\nrequired {}\nrequired { topology { segments { b = 1 } } }\n}',
      spec: request([{ b: '1' }]),
    },
    {
      name: 'the last request replaces all',
      text: 'topology_request { required { topology { segments { a = 1 } } } }\ntopology_request { preferred { topology { segments { b = 1 } } } }',
      spec: request([], [{ b: '1' }]),
      told: ['W 1:1 "topology_request" is written again below'],
    },
    {
      name: 'unknown groups are an error',
      text: 'topology_request { require {} }',
      told: [
        'W 1:1 "topology_request" asks for nothing',
        'E 1:20 Unknown key "require" in topology_request [required]',
      ],
    },
    {
      name: 'unknown blocks in a group are left out',
      text: 'topology_request { required { topologies { segments { a = 1 } } topology { segments { b = 1 } } } }',
      spec: request([{ b: '1' }]),
      told: ['W 1:31 "topologies" is left out'],
    },
    {
      name: 'segments written without their block are an error',
      text: 'topology_request { required { topology { rack = "R1" } } }',
      told: [
        'W 1:1 "topology_request" asks for nothing',
        'E 1:42 "rack" must be a block, not a string',
        'W 1:42 "rack" is left out',
      ],
    },
    {
      name: 'a label loses it',
      text: 'topology_request "x" { required { topology { segments { a = 1 } } } }',
      spec: request([]),
      told: ['W 1:18 A "topology_request" block takes no label'],
    },
  ]);
});

t.test('JSON', async (t) => {
  const base = {
    type: 'csi',
    id: 'i',
    name: 'n',
    plugin_id: 'p',
    capability: { access_mode: 'single-node-writer', attachment_mode: 'file-system' },
  };
  const read = (more: object) => parseSpec(JSON.stringify({ ...base, ...more }), 'f');
  const segments = (name: string) => ({ segments: { rack: name } });
  const usual = read({
    parameters: { a: 1 },
    mount_options: [{ fs_type: 'xfs', mount_flags: ['a'] }],
  });
  t.same(usual.diagnostics, []);
  t.same(only(usual), {
    ...EMPTY,
    parameters: { a: '1' },
    mountOptions: { fsType: 'xfs', mountFlags: ['a'] },
  });
  t.same(only(read({ namespace: null, capacity_min: '1GiB' })), {
    ...EMPTY,
    capacityMin: 1n << 30n,
  });
  t.same(told(read({ capability: [] }).diagnostics, 1), [
    'E 1:64 "capability" must be a block, not a list',
  ]);
  const plain = read({ topology_request: { required: { topology: segments('R1') } } });
  t.same(
    plain.specs?.[0]?.topologyRequest,
    { required: [], preferred: [] },
    'the plain form is lost',
  );
  t.match(plain.diagnostics, [{ severity: 'warning', detail: /In JSON write lists/ }]);
  const first = read({
    topology_request: { required: [{ topology: segments('R1') }, { topology: segments('R2') }] },
  });
  t.same(
    first.specs?.[0]?.topologyRequest?.required,
    [{ rack: 'R1' }],
    'a list of groups keeps the first',
  );
  const both = read({
    topology_request: { required: [{ topology: [segments('R1'), segments('R2')] }] },
  });
  t.same(
    both.specs?.[0]?.topologyRequest?.required,
    [{ rack: 'R1' }, { rack: 'R2' }],
    'lists keep all',
  );
  t.same(both.diagnostics, []);
});

t.test('a specification that is cut short', async (t) => {
  const hcl = `${SPEC}capacity_min = "1GiB"
mount_options {
  fs_type     = "xfs"
  mount_flags = ["noatime", "discard"]
}
parameters { a = "b" c = <<EOF
x
EOF
}
/* end */
`;
  const json = JSON.stringify({
    type: 'csi',
    id: 'i',
    name: 'n',
    plugin_id: 'p',
    capability: [{ access_mode: 'single-node-writer', attachment_mode: 'file-system' }],
    parameters: { a: 'b', c: [{ d: 1.5 }] },
  });
  for (const [name, whole] of [
    ['HCL', Buffer.from(hcl)],
    ['JSON', Buffer.from(json)],
  ] as const)
    t.test(`at any byte of ${name} is read or told of`, async (t) => {
      for (let end = 0; end <= whole.length; end++) {
        const { specs: [spec] = [], diagnostics } = parseSpec(whole.subarray(0, end), 'f');
        const errors = diagnostics.filter(({ severity }) => severity === 'error');
        if ((spec === undefined) !== errors.length > 0)
          t.fail(`cut at ${end}: ${JSON.stringify(diagnostics)}`);
        if (spec === undefined && errors.every(({ range }) => range === undefined))
          t.fail(`cut at ${end}: no place`);
      }
      t.pass(`${whole.length} cuts`);
    });
  t.test('one JSON brace may be missing, two may not', async (t) => {
    const whole =
      '{"type":"csi","id":"i","name":"n","plugin_id":"p","capability":{"access_mode":"single-node-writer","attachment_mode":"file-system"}}';
    t.match(parseSpec(whole.slice(0, -1), 'f'), {
      specs: [EMPTY],
      diagnostics: [{ severity: 'warning', summary: 'The last "}" is missing' }],
    });
    t.same(told(parseSpec(whole.slice(0, -2), 'f').diagnostics, 1), [
      'E 1:64 The file ends inside this object',
    ]);
    t.same(told(parseSpec(whole.slice(0, 30), 'f').diagnostics, 1), [
      'E 1:24 The file ends behind the key "name"',
    ]);
  });
});
