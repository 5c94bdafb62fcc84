import { type Chapter, type Feature, refused, same, vain } from './feature.js';

const TEXTS = [
  'true',
  'false',
  '0777',
  '0x1F',
  '1.50',
  '1e3',
  '1e30',
  '1.5e-7',
  '-0.0',
  '-5',
  '<<EOF\nx\nEOF\n',
];
const SIZES = [
  ...[
    '10GiB',
    '10 GiB',
    '10  GiB',
    '10GiB ',
    '10Gi',
    '10G',
    '10gb',
    '1,024MB',
    '.5GiB',
    '7EiB',
    '010',
  ],
];
const BAD_SIZES: ReadonlyArray<[written: string, guess: string]> = [
  ['"10 GiBB"', ' [GiB]'],
  ['" 10GiB"', ''],
  ['"-1"', ''],
  ['-1', ''],
  ['1e3', ''],
  ['0x10', ''],
  ['"16EiB"', ''],
  ['true', ''],
];

const MODES = 'access_mode = "single-node-writer" attachment_mode = "file-system"';

export const VALUES: Chapter = [
  ...TEXTS.map((value) => same(`namespace = ${value}\nparameters { a = ${value} }`)),
  ...TEXTS.filter((value) => !value.startsWith('<<')).map((value) =>
    same(
      `mount_options {\nfs_type = ${value}\nmount_flags = [${value}]\n}\ntopology_request { required { topology { segments { a = ${value} } } } }`,
      `W 2:11 Pannier makes no file system "${value}"`,
    ),
  ),
  refused(
    'parameters { a = [] }',
    /'parameters\[0\]\[a\]'/i,
    'E 1:18 "a" must be text, not a list',
  ),
  refused('parameters { a {} }', /'parameters\[0\]\[a\]'/i, 'E 1:16 "a" must be text, not a block'),
  refused('namespace = ["x"]', /'Namespace'/, 'E 1:13 "namespace" must be text, not a list'),
  refused('namespace {}', /'Namespace'/, 'E 1:11 "namespace" must be text, not a block'),
  same('secrets {}\nparameters = {}\ncontext = [{}, {}]'),
  same('secrets = []'),
  same('capability = { access_mode = "multi-node-reader-only" attachment_mode = "block-device" }'),
  same('mount_options = { fs_type = "xfs" }'),
  same('mount_options {}'),
  same('mount_options { mount_flags = [] }'),
  same('mount_options { "fs_type" = "xfs" }'),
  refused(
    `capability = [{ ${MODES} }]`,
    /ast\.ListType/,
    'E 1:14 "capability" must be a block, not a list',
  ),
  refused(
    'mount_options = [{ fs_type = "xfs" }]',
    /ast\.ListType/,
    'E 1:17 "mount_options" must be a block, not a list',
  ),
  refused(
    'mount_options { mount_flags = "a" }',
    /unknown slice type/,
    'E 1:31 "mount_flags" must be a list, not a string',
  ),
  vain(
    'capability {}',
    'E 1:1 "access_mode" is missing in this capability',
    'E 1:1 "attachment_mode" is missing in this capability',
  ),
  vain(
    'capability { access_mode = "Single-Node-Writer" attachment_mode = "filesystem" }',
    'E 1:28 Unknown access_mode "Single-Node-Writer" [single-node-writer]',
    'E 1:67 Unknown attachment_mode "filesystem" [file-system]',
  ),
  ...[`\${x}`, `$\${x}`, `\${lookup("a","b")}`].map((template) =>
    same(
      `parameters { a = "${template}" }`,
      'W 1:18 Nothing is put in for a dollar sign and braces',
    ),
  ),
  same('parameters { a = "{{ x }}" b = "[[ .my.x ]]" }'),
];

export const CAPACITY: Chapter = [
  ...SIZES.map((size) => same(`capacity_min = "${size}"`)),
  same('capacity_max = 1073741824'),
  same('capacity_max = 10.5'),
  same('capacity_min = ""'),
  same('capacity_min = "0.1B"', 'W 1:16 capacity_min is 0 bytes, and counts as not written'),
  same('capacity_min = 0', 'W 1:16 capacity_min is 0 bytes, and counts as not written'),
  same('capacity_min = [1]', 'W 1:16 "capacity_min" is a list, and counts as not written'),
  same('capacity_min {}', 'W 1:14 "capacity_min" is a block, and counts as not written'),
  same('capacity_min = 9007199254740993', 'W 1:16 capacity_min becomes 9007199254740992 bytes'),
  vain('capacity_min = "8EiB"', 'E 1:16 capacity_min is too large'),
  vain('capacity_min = "2G"\ncapacity_max = "1G"', 'E 2:16 capacity_max is below capacity_min'),
  ...BAD_SIZES.map(
    ([written, guess]): Feature =>
      refused(
        `capacity_max = ${written}`,
        /invalid capacity_max: could not parse value as bytes/,
        `E 1:16 Invalid capacity_max${guess}`,
      ),
  ),
  refused(
    'capacity_max = <<EOF\n1\nEOF\n',
    /could not parse value as bytes/,
    'E 1:16 Invalid capacity_max',
  ),
];
