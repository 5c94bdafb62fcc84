// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is in these strings is HCL.
import t from 'tap';
import { FIELDS, read } from './read.js';

t.test('a file holds several volumes, each with its label for id and name', async (t) => {
  const { specs, told, inBlocks } = read(
    `volume "a" {\n  ${FIELDS}\n}\nvolume "b" {\n  id = "B"\n  ${FIELDS}\n}\n`,
  );
  t.same(told, []);
  t.ok(inBlocks);
  t.match(specs, [
    { type: 'csi', id: 'a', name: 'a', pluginId: 'p' },
    { id: 'B', name: 'b' },
  ]);
});

t.test('count makes a set for per_alloc, for_each one volume a key', async (t) => {
  const { specs, told } = read(
    `volume "data" {
  count        = 3
  capacity_min = "\${count.index + 1}GiB"
  ${FIELDS}
}
volume "cache" {
  for_each = { b = "2GiB", a = "1GiB" }
  capacity_min = each.value
  parameters   = { pool = each.key }
  ${FIELDS}
}
volume "log" {
  for_each = toset(["x"])
  name     = "\${each.key}-\${each.value}"
  ${FIELDS}
}
volume "none" {
  count = 0
  ${FIELDS}
}
`,
  );
  t.same(told, []);
  t.match(specs, [
    { id: 'data[0]', name: 'data[0]', capacityMin: 1n << 30n },
    { id: 'data[1]', capacityMin: 2n << 30n },
    { id: 'data[2]', capacityMin: 3n << 30n },
    { id: 'cache-a', name: 'cache-a', capacityMin: 1n << 30n, parameters: { pool: 'a' } },
    { id: 'cache-b', capacityMin: 2n << 30n },
    { id: 'log-x', name: 'x-x' },
  ]);
});

t.test('a flat file uses variables, locals and functions too', async (t) => {
  const { specs, told, inBlocks } = read(
    `variable "size" {\n  default = 2\n}
locals {\n  pool = lower("FAST")\n  twice = local.size * 2\n  size = var.size\n}
type = "csi"
id = "i"
name = "n"
capacity_min = "\${local.twice}GiB"
parameters {
  pool = local.pool
  on   = true
  n    = 1.50
  none = null
}
mount_options {
  fs_type     = "xfs"
  mount_flags = concat(["noatime"], ["discard"])
}
namespace = null
${FIELDS}
`,
  );
  t.same(told, []);
  t.notOk(inBlocks);
  t.match(specs, [
    {
      id: 'i',
      namespace: '',
      capacityMin: 4n << 30n,
      parameters: { pool: 'fast', on: 'true', n: '1.5' },
      mountOptions: { fsType: 'xfs', mountFlags: ['noatime', 'discard'] },
    },
  ]);
  t.notOk('none' in (specs?.[0]?.parameters ?? {}));
});

t.test('blocks are made by dynamic, and maps by expressions', async (t) => {
  const { specs, told } = read(
    `locals {\n  common = { pool = "rbd", imageFeatures = "layering" }\n}
volume "v" {
  plugin_id  = "p"
  parameters = merge(local.common, { pool = "fast" })
  dynamic "capability" {
    for_each = ["single-node-writer", "single-node-reader-only"]
    content {
      access_mode     = capability.value
      attachment_mode = "file-system"
    }
  }
  topology_request {
    required {
      dynamic "topology" {
        for_each = { a = "R1", b = "R2" }
        iterator = rack
        content {
          segments = { rack = rack.value, key = rack.key }
        }
      }
    }
  }
}
`,
  );
  t.same(told, []);
  t.match(specs, [
    {
      parameters: { pool: 'fast', imageFeatures: 'layering' },
      capabilities: [
        { accessMode: 'single-node-writer' },
        { accessMode: 'single-node-reader-only' },
      ],
      topologyRequest: {
        required: [
          { rack: 'R1', key: 'a' },
          { rack: 'R2', key: 'b' },
        ],
      },
    },
  ]);
});

const TOLD: ReadonlyArray<readonly [name: string, text: string, told: readonly string[]]> = [
  [
    'a file with variables alone',
    'variable "x" {\n  default = 1\n}\n',
    ['E There is no volume in this file'],
  ],
  [
    'keys beside volume blocks',
    `id = "x"\nvolume "v" {\n  ${FIELDS}\n}\nsecrets {\n}\n`,
    [
      'E 1:1 "id" stands outside of the volume blocks',
      'E 9:1 "secrets" stands outside of the volume blocks',
    ],
  ],
  ['a volume without a label', `volume {\n  ${FIELDS}\n}\n`, ['E 1:1 A volume has one label']],
  [
    'a volume with two labels',
    `volume "a" "b" {\n  ${FIELDS}\n}\n`,
    ['E 1:12 A volume has one label'],
  ],
  [
    'two volumes of one label',
    `volume "a" {\n  ${FIELDS}\n}\nvolume "a" {\n  ${FIELDS}\n}\n`,
    [`E 8:8 The id "a" is another volume's too`, `E 8:8 The name "a" is another volume's too`],
  ],
  [
    'a set whose volumes are all one',
    `volume "a" {\n  count = 2\n  name = "same"\n  ${FIELDS}\n}\n`,
    [`E 3:10 The name "same" is another volume's too`],
  ],
  [
    'ids that a job with per_alloc does not find',
    `volume "a" {\n  count = 2\n  id = "a-\${count.index}"\n  ${FIELDS}\n}\n`,
    ['W 1:8 A job with per_alloc does not find these volumes'],
  ],
  [
    'single-node access with count is what per_alloc is for',
    `volume "a" {\n  count = 2\n  ${FIELDS}\n}\n`,
    [],
  ],
  [
    'count and for_each together',
    `volume "a" {\n  count = 1\n  for_each = {}\n  ${FIELDS}\n}\n`,
    ['E 3:3 count and for_each exclude each other'],
  ],
  ...['-1', '1.5', '"x"', 'null', '1001', '[]'].map(
    (count) =>
      [
        `count = ${count}`,
        `volume "a" {\n  count = ${count}\n  ${FIELDS}\n}\n`,
        ['E 2:11 count is a whole number from 0 to 1000'],
      ] as const,
  ),
  ...['["a"]', 'null', '"a"', 'toset([1])'].map(
    (each) =>
      [
        `for_each = ${each}`,
        `volume "a" {\n  for_each = ${each}\n  ${FIELDS}\n}\n`,
        ['E 2:14 for_each takes a map or a set of text'],
      ] as const,
  ),
  [
    'a mistake in all volumes of a set is told once',
    `volume "a" {\n  count = 3\n  capacity_min = "1 GiBB"\n  ${FIELDS}\n}\n`,
    ['E 3:18 Invalid capacity_min [GiB]'],
  ],
  [
    'keys that no volume has',
    `volume "a" {\n  cout = 3\n  access_mode = "single-node-writer"\n  read_only = true\n  ${FIELDS}\n}\n`,
    [
      'E 2:3 Unknown "cout" in a volume [count]',
      'E 3:3 Unknown "access_mode" in a volume',
      'E 4:3 Unknown "read_only" in a volume',
    ],
  ],
  [
    'references to nothing',
    `locals {\n  size = 1\n}\nvolume "a" {\n  capacity_min = locl.size\n  name = local.sise\n  id = var.x\n  external_id = count.index\n  namespace = each.key\n  ${FIELDS}\n}\n`,
    [
      'E 5:18 locl means nothing here [local]',
      'E 6:16 There is no local value "sise" [size]',
      'E 7:12 There is no variable "x"',
      'E 8:17 count means nothing here',
      'E 9:15 each means nothing here',
    ],
  ],
  [
    'local values that depend on each other',
    `locals {\n  a = local.b\n  b = local.a\n}\nvolume "a" {\n  ${FIELDS}\n}\n`,
    ['E 2:3 local.a depends on itself'],
  ],
  [
    'everything that is wrong, at once',
    `volume "a" {\n  capacity_min = 1 +\n  name = upper("x"\n  id = "\${var.x"\n  ${FIELDS}\n}\nvolume "b" {\n  x = [1 2]\n}\n`,
    [
      'E 2:21 A value is missing here',
      'E 4:3 ")" or a comma is expected here',
      'E 4:16 The end of this "${" is missing',
      'E 12:10 "]" or a comma is expected here',
    ],
  ],
];

for (const [name, text, told] of TOLD)
  t.test(name, async (t) => {
    const result = read(text);
    t.same(result.told, told);
    t.equal(
      result.specs === undefined,
      told.some((line) => line.startsWith('E')),
    );
  });

t.test('a mistake in some volumes of a set says in which', async (t) => {
  const { diagnostics } = read(
    `volume "a" {\n  count = 3\n  capacity_min = count.index == 1 ? "x" : "1GiB"\n  ${FIELDS}\n}\n`,
  );
  t.match(diagnostics, [{ detail: /This is about "a\[1\]"\.$/ }]);
});
