import t from 'tap';
import { tellDuplicates } from '../../src/spec/duplicates.js';
import { parseSpec } from '../../src/spec/parse.js';
import type { Use } from '../../src/spec/volume/checks.js';
import type { VolumeSpec } from '../../src/spec/volume.js';

const SPEC = `type = "csi"
id = "i"
name = "n"
plugin_id = "p"
capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}
`;
const EXISTING = `${SPEC}external_id = "c/p/i"\n`;
const BLOCK = SPEC.replace('file-system', 'block-device');
const without = (key: string, text = SPEC) => text.replace(new RegExp(`^${key} .*\n`, 'm'), '');

const cases: ReadonlyArray<[name: string, text: string, use: Use, told: readonly string[]]> = [
  ['nothing to tell', SPEC, {}, []],
  ['a creation without a name', without('name'), {}, ['E 1 The volume has no name']],
  ['a registration without a name', without('name', EXISTING), {}, ['W 1 The volume has no name']],
  [
    'a creation without a name that might be a registration',
    without('name', EXISTING),
    { verb: 'create' },
    ['E 1 The volume has no name', 'W 8 external_id is left out where a volume is created'],
  ],
  ['no id, where nobody knows who gets it', without('id'), {}, ['W 1 The volume has no id']],
  ['no id for Nomad', without('id'), { nomad: true }, ['E 1 The volume has no id']],
  ['no id for a plugin', without('id'), { nomad: false }, []],
  [
    'no plugin_id for a registration, which is for Nomad',
    without('plugin_id', EXISTING),
    {},
    ['E 1 The volume has no plugin_id'],
  ],
  [
    'a registration without external_id',
    SPEC,
    { verb: 'register' },
    ['W 1 The volume has no external_id'],
  ],
  ['a registration with it', EXISTING, { verb: 'register' }, []],
  [
    'a creation with external_id',
    EXISTING,
    { verb: 'create' },
    ['W 9 external_id is left out where a volume is created'],
  ],
  [
    'a creation with a context',
    `${SPEC}context { a = 1 }\n`,
    {},
    ['W 9 context is left out where a volume is created'],
  ],
  ['a registration with a context', `${EXISTING}context { a = 1 }\n`, {}, []],
  [
    'a registration of a volume that is to be made of a snapshot',
    `${EXISTING}snapshot_id = "s"\n`,
    {},
    ['W 10 "snapshot_id" has no effect on a volume that exists'],
  ],
  ['an update of a volume that was made of a snapshot', `${SPEC}snapshot_id = "s"\n`, {}, []],
  [
    'mount options of nothing but block devices',
    `${BLOCK}mount_options { mount_flags = ["noatime"] }\n`,
    {},
    ['W 9 mount_options have no effect'],
  ],
  ['mount options that say nothing', `${BLOCK}mount_options {}\n`, {}, []],
  [
    'mount options of a file system beside a block device',
    `${BLOCK}${/capability[^}]*\}\n/.exec(SPEC)?.[0]}mount_options { fs_type = "xfs" }\n`,
    {},
    [],
  ],
  [
    'a file system that is not known',
    `${SPEC}mount_options { fs_type = "etx4" }\n`,
    {},
    ['W 9 Pannier makes no file system "etx4" [ext4]'],
  ],
  [
    'a file system that several nodes write',
    SPEC.replace('single-node-writer', 'multi-node-multi-writer'),
    {},
    ['W 5 A file system cannot be used as multi-node-multi-writer'],
  ],
  [
    'an id that divides a path',
    SPEC.replace('"i"', '"a/b"'),
    {},
    ['W 2 Nomad cannot create a volume with "/" in its id'],
  ],
];

for (const [name, text, use, expected] of cases)
  t.test(name, async (t) => {
    const { diagnostics } = parseSpec(text, 'f', { use });
    t.same(
      diagnostics.map(
        ({ severity, range, summary, guess }) =>
          `${severity === 'error' ? 'E' : 'W'} ${range?.start.line} ${summary}${guess === undefined ? '' : ` [${guess}]`}`,
      ),
      expected,
    );
  });

t.test('volumes that share what one volume alone has', async (t) => {
  const read = (file: string, text: string) => parseSpec(text, file).specs ?? [];
  const told = (...texts: readonly string[]) =>
    tellDuplicates(texts.flatMap((text, at) => read(`f${at}`, text))).map(
      ({ range, summary, detail }) =>
        `${range?.file}:${range?.start.line} ${summary} (${/That one is at (\S+)\./.exec(detail)?.[1]})`,
    );
  const other = SPEC.replace('"i"', '"j"').replace('"n"', '"m"');
  t.same(told(SPEC, other), []);
  t.same(told(SPEC, SPEC), [
    'f1:2 The id "i" is another volume\'s too (f0:2)',
    'f1:3 The name "n" is another volume\'s too (f0:2)',
  ]);
  t.same(told(SPEC, `${other.replace('"j"', '"i"')}namespace = "x"\n`), [], 'in two namespaces');
  t.same(told(SPEC, `${other.replace('"j"', '"i"')}namespace = "default"\n`), [
    'f1:2 The id "i" is another volume\'s too (f0:2)',
  ]);
  t.same(told(SPEC, other.replace('"m"', '"n"').replace('"p"', '"q"')), [], 'of two plugins');
  const [first, second] = [SPEC, other].flatMap((text) => read('f', text));
  const secret = { ...first, name: 'hidden' } as VolumeSpec;
  t.match(
    tellDuplicates([secret, { ...second, name: 'hidden', sensitive: ['hidden'] } as VolumeSpec]),
    [{ summary: "The name is another volume's too" }],
    'a sensitive one is not shown',
  );
  t.same(told(EXISTING, `${other}external_id = "c/p/i"\n`), [
    'f1:2 The external_id "c/p/i" is another volume\'s too (f0:2)',
  ]);
});
