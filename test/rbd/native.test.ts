import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { CONSTANTS, FEATURES, FUNCTIONS, HANDLES, STRUCTS } from '../../src/rbd/declarations.js';
import { call, layout } from '../../src/rbd/native.js';
import { differences, prototypes } from './prototypes.js';

const HEADERS = ['rados/librados.h', 'rbd/librbd.h'];
const INCLUDE = '/usr/include';
const LIMIT_MS = 30_000;

const installed = new Map(
  HEADERS.flatMap((header) => [...prototypes(readFileSync(join(INCLUDE, header), 'utf8'))]),
);

t.test('every declaration is what the installed headers declare', async (t) => {
  t.same(differences(FUNCTIONS, installed), []);
  for (const name of Object.keys(FUNCTIONS)) t.ok(installed.has(name), name);
});

t.test('a wrong declaration is found', async (t) => {
  const [result, parameters, waits] = FUNCTIONS.rbd_resize2;
  const wrong = {
    result: ['int64_t', parameters, waits],
    missing: [result, parameters.slice(1), waits],
    wider: [result, parameters.map((type) => (type === 'bool' ? 'int' : type)), waits],
    pointer: [result, parameters.map((type) => (type === 'uint64_t' ? 'uint64_t *' : type)), waits],
  } as const;
  for (const [how, declaration] of Object.entries(wrong))
    t.match(differences({ rbd_resize2: declaration }, installed), [/^rbd_resize2: declared /], how);
  t.match(
    differences({ rbd_resize9: FUNCTIONS.rbd_resize2 }, installed),
    [/the header has nothing$/],
    'a function that is not there',
  );
});

t.test('prototypes are read whatever way they are written', async (t) => {
  const header = `
    /* CEPH_RBD_API int commented(int a); */
    CEPH_RBD_API int f(rados_t *p, const char *const name, char const* const* keys,
                       int (*cb)(uint64_t, size_t, int, void *), unsigned char *more); // x
    CEPH_RADOS_API void g(void);
    CEPH_RADOS_API uint64_t h(struct timespec *t, size_t len)
        __attribute__((deprecated));`;
  t.same(Object.fromEntries(prototypes(header)), {
    f: {
      result: 'int',
      parameters: [
        'rados_t *',
        'const char *',
        'const char *const *',
        'int (*)(uint64_t, size_t, int, void *)',
        'unsigned char *',
      ],
    },
    g: { result: 'void', parameters: [] },
    h: { result: 'uint64_t', parameters: ['struct timespec *', 'size_t'] },
  });
});

t.test('structs, handles and constants are what a C compiler makes of the headers', async (t) => {
  const structs = Object.entries(STRUCTS);
  const rows = [
    ...structs.map(([name]) => [`size ${name}`, `sizeof(${name})`]),
    ...structs.flatMap(([name, members]) =>
      Object.keys(members).map((member) => [
        `offset ${name}.${member}`,
        `offsetof(${name}, ${member})`,
      ]),
    ),
    ...HANDLES.map((name) => [`size ${name}`, `sizeof(${name})`]),
    ...Object.keys(CONSTANTS).map((name) => [`value ${name}`, name]),
    ...Object.keys(FEATURES).map((name) => [`value ${name}`, `RBD_FEATURE_${word(name)}`]),
  ];
  const names = Object.keys(FEATURES).map((name) => [
    `name ${name}`,
    `RBD_FEATURE_NAME_${word(name)}`,
  ]);
  const program = [
    ...HEADERS.map((header) => `#include <${header}>`),
    '#include <stddef.h>',
    '#include <stdio.h>',
    'int main(void) {',
    ...rows.map(([label, value]) => `printf("${label}=%llu\\n", (unsigned long long)(${value}));`),
    ...names.map(([label, value]) => `printf("${label}=%s\\n", ${value});`),
    'return 0; }',
  ].join('\n');

  const ours = [
    ...structs.map(([name]) => `size ${name}=${layoutOf(name).size}`),
    ...structs.flatMap(([name]) =>
      Object.entries(layoutOf(name).offsets).map(
        ([member, offset]) => `offset ${name}.${member}=${offset}`,
      ),
    ),
    ...HANDLES.map((name) => `size ${name}=8`),
    ...Object.entries(CONSTANTS).map(([name, value]) => `value ${name}=${value}`),
    ...Object.entries(FEATURES).map(([name, value]) => `value ${name}=${value}`),
    ...Object.keys(FEATURES).map((name) => `name ${name}=${name}`),
  ];
  t.same(ours, run(program));
});

t.test('a string that would be cut short at a NUL is refused', async (t) => {
  t.throws(() => call('rados_conf_set', 0n as never, 'key', 'a\0b'), /holds a NUL/);
});

function layoutOf(name: string): ReturnType<typeof layout> {
  return layout(name as keyof typeof STRUCTS);
}

function word(feature: string): string {
  return feature === 'striping' ? 'STRIPINGV2' : feature.toUpperCase().replaceAll('-', '_');
}

/** Compiles and runs a C program, and returns the lines that it prints. */
function run(program: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'pannier-headers-'));
  try {
    const [source, binary] = [join(folder, 'check.c'), join(folder, 'check')];
    writeFileSync(source, program);
    execFileSync('gcc', ['-o', binary, source], { timeout: LIMIT_MS });
    const printed = execFileSync(binary, { encoding: 'utf8', timeout: LIMIT_MS });
    return printed.trimEnd().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
