import { type Chapter, type Feature, refused, same, vain, whole } from './feature.js';

const BASE = {
  type: 'csi',
  id: 'i',
  name: 'n',
  plugin_id: 'p',
  capability: { access_mode: 'single-node-writer', attachment_mode: 'file-system' },
};
const HCL = `type = "csi" id = "i" name = "n" plugin_id = "p"
capability { access_mode = "single-node-writer" attachment_mode = "file-system" }
`;

const segments = (rack: string) => ({ segments: { rack } });
const json = (more: object) => JSON.stringify({ ...BASE, ...more });
/** The members of a JSON object, without its braces. */
const members = json({}).slice(1, -1);
const text = (make: typeof same, content: string, ...told: string[]): Feature =>
  whole(make(content, ...told));
const bad = (content: string, says: RegExp, ...told: string[]): Feature =>
  whole(refused(content, says, ...told));

export const TOPOLOGY: Chapter = [
  same('topology_request { required { topology { segments { a = 1 } segments { b = 2 } } } }'),
  same('topology_request { required { topology { segments { a = 010, b = true } } } }'),
  same(
    'topology_request { required { topology { segments {} } topology { segments { a = 1 } } } }',
  ),
  same('topology_request { preferred { topology { segments { "a" = "x" } } } }'),
  same('topology_request {}', 'W 1:1 "topology_request" asks for nothing'),
  same('topology_request { required {} }', 'W 1:1 "topology_request" asks for nothing'),
  refused(
    'topology_request { required { topology { rack = "R1" } } }',
    /./,
    'W 1:1 "topology_request" asks for nothing',
    'E 1:42 "rack" must be a block, not a string',
    'W 1:42 "rack" is left out',
  ),
  text(
    same,
    json({ topology_request: { required: { topology: segments('R1') } } }),
    'W 1:153 A "topology_request" block takes no label',
  ),
  text(
    same,
    json({
      topology_request: { required: [{ topology: segments('R1') }, { topology: segments('R2') }] },
    }),
    'W 1:153 "required" is written above already',
  ),
  text(
    same,
    json({ topology_request: { required: [{ topology: [segments('R1'), segments('R2')] }] } }),
  ),
];

export const JSON_TEXTS: Chapter = [
  // A label is a key of its own: what one of them holds does not have to fit what another holds.
  text(
    same,
    json({
      topology_request: {
        required: [
          { topology: { segments: {} } },
          { topology: { segments: [{ a: '1' }, { b: '2' }] } },
        ],
      },
    }),
  ),
  text(same, json({ parameters: { a: 1, b: true, c: 1.5, d: 'x' }, secrets: {}, context: [] })),
  text(same, json({ mount_options: [{ fs_type: 'xfs', mount_flags: ['a', 'b'] }] })),
  text(same, json({ mount_options: { mount_flags: [] } })),
  text(
    same,
    json({
      capability: [BASE.capability, { ...BASE.capability, access_mode: 'single-node-reader-only' }],
    }),
  ),
  text(same, json({ namespace: null, capacity_min: '1GiB', capacity_max: 2147483648 })),
  text(same, json({ name: 'größe 😀 <&> \u2028', namespace: '\t"\\' })),
  text(same, `{${members},}`),
  text(same, `{${members}`, 'W 1:1 The last "}" is missing'),
  text(
    same,
    `{"namespace": "a", ${members}, "namespace": "b"}`,
    'W 1:2 "namespace" is written again below',
  ),
  text(same, `{${members}} {"x": 1}`, 'W 1:134 What follows the object is left out'),
  text(
    same,
    json({ parameters: { a: `\${x}` } }),
    'W 1:151 Nothing is put in for a dollar sign and braces',
  ),
  bad(json({ capability: [] }), /ast\.ListType/, 'E 1:64 "capability" must be a block, not a list'),
  bad(json({}).replace('"n"', '"a\\/b"'), /illegal char escape/, 'E 1:33 "\\/" is not an escape'),
  bad(
    json({}).replace('"n"', '"\\ud83d\\ude00"'),
    /^panic: /m,
    'E 1:31 This string cannot be read',
  ),
  bad(
    '{"Volumes": [{"ID": "x"}]}',
    /Error unknown volume type: /,
    'E 1:1 This is no volume specification',
  ),
];

/** The base is no HCL 2, since it has several keys on a line, so that HCL 1's mistakes are told. */
export const HCL_TEXTS: Chapter = [
  text(same, HCL.replaceAll('" ', '", ').replace('p"\n', 'p",\n')),
  text(same, HCL.replaceAll('\n', '\r')),
  text(same, HCL.replaceAll('\n', '\r\n')),
  text(same, HCL.replaceAll(' = ', '\n=\n')),
  text(same, `${HCL}parameters {\na = <<EOF\nx\n  EOF\nb = <<-EOF\n  y\n  EOF\n}`),
  text(same, `/* x */ ${HCL} # x\n// y`),
  bad(
    `\ufeff${HCL}`,
    /Error parsing the volume type/,
    'E 1:1 The file begins with a byte order mark',
  ),
  bad(
    `${HCL}parameters { a = 9223372036854775808 }`,
    /value out of range/,
    'E 3:18 9223372036854775808 is not a number that can be used',
  ),
  bad(`${HCL}namespace = null`, /Error parsing/, 'E 3:13 There is no null'),
  bad(`${HCL}namespace = x`, /Error parsing/, 'E 3:13 x needs quotes'),
  bad(`${HCL}namespace: "x"`, /Error parsing/, 'E 3:10 HCL 1 has no ":"'),
  bad(`${HCL}parameters { 1 = 2 }`, /Error parsing/, 'E 3:14 "1" where a key is expected'),
  bad(`${HCL}namespace = "x`, /Error parsing/, 'E 3:13 This string is never closed'),
  bad(`${HCL}parameters {`, /Error parsing/, 'E 3:12 This "{" is never closed'),
];

/** The type, and what a specification is. */
export const TYPES: Chapter = [
  text(same, HCL.replace('"csi"', '"CSI"')),
  text(same, `TYPE = "csi"\n${HCL.replace('type = "csi" ', '')}`),
  text(same, `type = "host"\n${HCL}`, 'W 1:1 "type" is written again below'),
  text(vain, HCL.replace('"csi"', '"host"'), 'E 1:8 Host volumes are no CSI volumes'),
  bad(
    HCL.replace('"csi"', '"nfs"'),
    /Error unknown volume type: nfs/,
    'E 1:8 Unknown volume type "nfs"',
  ),
  bad('job "x" {}', /Error unknown volume type: $/m, 'E 1:1 This is no volume specification'),
  bad('', /./, 'E 1:1 This is no volume specification'),
];

/** What Nomad needs and its command line does not miss. */
export const MISSING: Chapter = [
  text(vain, HCL.replace('name = "n" ', ''), 'E 1:1 The volume has no name'),
  text(same, HCL.replace('name = "n"', 'external_id = "e"'), 'W 1:1 The volume has no name'),
  text(same, HCL.replace('id = "i" ', ''), 'W 1:1 The volume has no id'),
  text(same, HCL.replace('"p"', '""'), 'W 1:46 The volume has no plugin_id'),
  text(vain, HCL.replace(/capability.*/, ''), 'E 1:1 There is no capability block'),
  text(
    vain,
    HCL.replace('capability {', 'capability "x" {'),
    'E 1:1 There is no capability block',
    'W 2:12 A "capability" block takes no label',
  ),
  text(
    vain,
    `${HCL}snapshot_id = "a" clone_id = "b"`,
    'E 3:30 snapshot_id and clone_id exclude each other',
  ),
];
