import t from 'tap';
import { kernelLines } from '../../src/node/device/kernel-line.js';
import type { VolumeHandle } from '../../src/volume/handle.js';
import type { KernelAccess } from '../../src/volume/store.js';

const HANDLE: VolumeHandle = { cluster: 'ceph', pool: 'rbd', namespace: '', image: 'one' };
const ACCESS: KernelAccess = {
  fsid: 'b9127830-b0cc-4e34-aa47-9d1a2e9949a8',
  user: 'pannier',
  key: 'SECRET==',
  monitors: [
    { v1: '192.0.2.1:6789', v2: '192.0.2.1:3300' },
    { v1: '[2001:db8::2]:6789', v2: '[2001:db8::2]:3300' },
  ],
};

function lines(
  handle: Partial<VolumeHandle> = {},
  access: Partial<KernelAccess> = {},
  readonly = false,
) {
  const request = { volumeId: 'v', handle: { ...HANDLE, ...handle }, readonly };
  return kernelLines(request, { ...ACCESS, ...access });
}

t.test('what the kernel is told to map an image', async (t) => {
  t.same(lines(), [
    '192.0.2.1:3300,[2001:db8::2]:3300 name=pannier,secret=SECRET==,ms_mode=prefer-crc,mount_timeout=20,rw rbd one',
    '192.0.2.1:6789,[2001:db8::2]:6789 name=pannier,secret=SECRET==,mount_timeout=20,rw rbd one',
  ]);
  const monitors = [{ v1: '192.0.2.1:6789' }];
  t.same(
    lines({ namespace: 'inner' }, { key: undefined, monitors }, true),
    ['192.0.2.1:6789 name=pannier,_pool_ns=inner,mount_timeout=20,ro rbd one'],
    'the first protocol, a namespace, no key, and read-only',
  );
});

t.test('what would be read as something else is refused, and no key is told', async (t) => {
  for (const [what, handle, access] of [
    ['pool', { pool: 'a pool' }, {}],
    ['namespace', { namespace: 'a,read_only' }, {}],
    ['image', { image: 'a\tb' }, {}],
    ['user', {}, { user: 'a,b' }],
    ['key', {}, { key: 'SECRET,ro' }],
  ] as const)
    t.throws(() => lines(handle, access), {
      kind: 'not-mappable',
      message: new RegExp(`^(?!.*SECRET).*no comma in the ${what}$`),
    });
});
