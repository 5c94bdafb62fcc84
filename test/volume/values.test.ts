import t from 'tap';
import {
  type AccessMode,
  allowsSecondTarget,
  type Capability,
  sameCapability,
  unsupported,
} from '../../src/volume/capability.js';
import { CATALOGUE, VolumeError } from '../../src/volume/errors.js';
import { didYouMean, guess } from '../../src/volume/guess.js';
import { formatHandle, HANDLE_MAX_BYTES, parseHandle } from '../../src/volume/handle.js';
import { imageName, keyOfImageName, nameKey } from '../../src/volume/name.js';
import { readParameters } from '../../src/volume/parameters.js';
import { checkRange, fits, formatBytes, sizeFor } from '../../src/volume/size.js';

function errorOf(action: () => unknown): VolumeError {
  try {
    action();
  } catch (error) {
    if (error instanceof VolumeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

t.test('a handle is the words behind `rbd info`, and back', async (t) => {
  const plain = { cluster: 'main', pool: 'rbd', namespace: '', image: 'pannier-data-x' };
  const spaced = { cluster: 'main', pool: 'rbd', namespace: 'team', image: 'größe.1' };
  t.equal(formatHandle(plain), 'main/rbd/pannier-data-x');
  t.equal(formatHandle(spaced), 'main/rbd/team/größe.1');
  t.same(parseHandle('main/rbd/pannier-data-x'), plain);
  t.same(parseHandle('main/rbd/team/größe.1'), spaced);
});

t.test('a malformed handle is no volume, whatever it looks like', async (t) => {
  for (const text of [
    '',
    '/',
    'image',
    'pool/image',
    'main//image',
    'main/rbd/',
    '/main/rbd/image',
    'a/b/c/d/e',
    'main/rbd/../image',
    'main/rbd/./image',
    '../../etc/passwd',
    'main/rbd/im\u0000age',
    'main/rbd/image@snap',
    'main/rbd/line\nbreak',
    '0001-0024-b9127830-0000-0000-0000-000000000000-0000000000000002-5f6a',
    `main/rbd/${'x'.repeat(HANDLE_MAX_BYTES)}`,
  ])
    t.equal(parseHandle(text), undefined, JSON.stringify(text));
});

t.test('a name always gets the same image, readable and within bounds', async (t) => {
  t.equal(imageName('data', 'pannier-'), imageName('data', 'pannier-'));
  t.match(imageName('Postgres Data/1', 'pannier-'), /^pannier-postgres-data-1-[a-z2-7]{20}$/);
  t.match(imageName('数据', 'p-'), /^p-[a-z2-7]{20}$/, 'no readable letter: the key alone');
  t.not(imageName('a.b', 'p-'), imageName('a-b', 'p-'), 'equal slugs, different images');
  t.ok(imageName('x'.repeat(128), 'pannier-').length <= 60);
  for (const name of ['a', 'x'.repeat(128), 'a/b', '...', 'ü'])
    t.equal(keyOfImageName(imageName(name, 'pannier-')), nameKey(name), name);
  t.equal(keyOfImageName('debian'), undefined);
  t.equal(nameKey('data'), nameKey('data'));
  t.match(nameKey('data'), /^[a-z2-7]{20}$/);
});

t.test('ten thousand names get ten thousand keys', async (t) => {
  const keys = new Set(Array.from({ length: 10_000 }, (_, i) => nameKey(`volume-${i}`)));
  t.equal(keys.size, 10_000);
});

t.test('what is asked in bytes is what is made', async (t) => {
  const range = (requiredBytes: bigint, limitBytes: bigint) => ({ requiredBytes, limitBytes });
  t.equal(sizeFor(range(12_345_678_901n, 0n)), 12_345_678_901n);
  t.equal(sizeFor(range(0n, 0n)), 1n << 30n);
  t.equal(sizeFor(range(0n, 4096n)), 4096n);
  t.equal(sizeFor(range(5n, 5n)), 5n);
  t.equal(errorOf(() => checkRange(range(2n, 1n))).code, 'OUT_OF_RANGE');
  t.equal(errorOf(() => checkRange(range(-1n, 0n))).code, 'INVALID_ARGUMENT');
  t.equal(errorOf(() => checkRange(range(0n, -1n))).code, 'INVALID_ARGUMENT');
  t.equal(fits(10n, range(10n, 10n)), true);
  t.equal(fits(11n, range(10n, 10n)), false);
  t.equal(fits(9n, range(10n, 0n)), false);
  t.equal(formatBytes(10n << 30n), '10 GiB');
  t.equal(formatBytes(1536n), '1.5 KiB');
  t.equal(formatBytes(0n), '0 B');
});

t.test('a file system has one writing node; raw block takes every access mode', async (t) => {
  const modes: AccessMode[] = [
    'SINGLE_NODE_WRITER',
    'SINGLE_NODE_READER_ONLY',
    'MULTI_NODE_READER_ONLY',
    'MULTI_NODE_SINGLE_WRITER',
    'MULTI_NODE_MULTI_WRITER',
    'SINGLE_NODE_SINGLE_WRITER',
    'SINGLE_NODE_MULTI_WRITER',
  ];
  const mount = (mode: AccessMode, fsType = 'ext4'): Capability => ({
    access: { kind: 'mount', fsType, mountFlags: [] },
    mode,
  });
  for (const mode of modes) {
    t.equal(unsupported({ access: { kind: 'block' }, mode }), undefined, `block ${mode}`);
    const shared = mode === 'MULTI_NODE_SINGLE_WRITER' || mode === 'MULTI_NODE_MULTI_WRITER';
    t.equal(unsupported(mount(mode)) !== undefined, shared, `mount ${mode}`);
  }
  t.match(unsupported(mount('SINGLE_NODE_WRITER', 'ntfs')), /"ntfs" is not supported/);
  t.equal(allowsSecondTarget('SINGLE_NODE_WRITER'), false);
  t.equal(allowsSecondTarget('SINGLE_NODE_SINGLE_WRITER'), false);
  t.equal(allowsSecondTarget('SINGLE_NODE_MULTI_WRITER'), true);
  t.equal(allowsSecondTarget('MULTI_NODE_READER_ONLY'), true);
  const flags = (...mountFlags: string[]): Capability => ({
    access: { kind: 'mount', fsType: '', mountFlags },
    mode: 'SINGLE_NODE_WRITER',
  });
  t.equal(sameCapability(flags('a', 'b'), flags('b', 'a')), true, 'flags in another order');
  t.equal(sameCapability(flags('a'), flags('a', 'b')), false);
});

t.test('parameters', async (t) => {
  const clusters = {
    names: ['main', 'archive'],
    nameOf: (id: string) => (id === 'b9127830-b0cc' ? 'archive' : undefined),
    defaultPool: (name: string) => `${name}-pool`,
  };
  const read = (given: Record<string, string>) => readParameters(given, clusters);
  t.test('the configuration fills in what is not asked for', async (t) => {
    t.match(read({}), {
      cluster: 'main',
      pool: 'main-pool',
      namespace: '',
      namePrefix: 'pannier-',
    });
    t.match(read({ cluster: 'archive' }), { cluster: 'archive', pool: 'archive-pool' });
  });
  t.test('an unknown one is refused with the known ones and a guess', async (t) => {
    const error = errorOf(() => read({ imagefeature: 'layering' }));
    t.equal(error.code, 'INVALID_ARGUMENT');
    t.match(error.message, 'unknown parameter "imagefeature"; did you mean "imageFeatures"?');
    t.match(error.remedy, /cluster, pool, namespace/);
    t.match(errorOf(() => read({ cluster: 'mian' })).message, 'did you mean "main"?');
  });
  t.test('ceph-csi has a parameter of its own for the cluster', async (t) => {
    t.equal(read({ clusterID: 'b9127830-b0cc' }).cluster, 'archive');
    t.equal(read({ clusterID: 'archive' }).cluster, 'archive');
    t.match(
      errorOf(() => read({ clusterID: 'x' })),
      {
        code: 'INVALID_ARGUMENT',
        message: /"clusterID".*has the id "x"/,
      },
    );
  });
  t.test('image features know what they need', async (t) => {
    t.same(read({ imageFeatures: 'layering, exclusive-lock' }).imageFeatures, [
      'exclusive-lock',
      'layering',
    ]);
    t.match(errorOf(() => read({ imageFeatures: 'object-map' })).message, '"exclusive-lock" too');
    t.match(errorOf(() => read({ imageFeatures: 'layring' })).message, 'did you mean "layering"?');
  });
  t.test('sizes and striping are checked before Ceph sees them', async (t) => {
    t.equal(read({ objectSize: '8MiB' }).objectSize, 8n << 20n);
    t.equal(read({ objectSize: '64K' }).objectSize, 65536n);
    t.match(read({ stripeUnit: '65536', stripeCount: '4' }), {
      stripeUnit: 65536n,
      stripeCount: 4n,
    });
    for (const bad of [
      { objectSize: '3000000' },
      { objectSize: '2K' },
      { objectSize: '64M' },
      { objectSize: '4GB' },
      { objectSize: '-1' },
      { stripeUnit: '65536' },
      { stripeCount: '4' },
      { stripeUnit: '3000', stripeCount: '4' },
      { stripeUnit: '4096', stripeCount: '0' },
      { pool: 'a/b' },
      { pool: '..' },
      { namespace: 'a@b' },
      { namePrefix: '-x' },
      { namePrefix: 'a/b' },
    ])
      t.equal(errorOf(() => read(bad)).code, 'INVALID_ARGUMENT', JSON.stringify(bad));
  });
});

t.test('a guess is made only where it is near', async (t) => {
  t.equal(guess('capactiy_min', ['capacity_min', 'capacity_max']), 'capacity_min');
  t.equal(guess('fstype', ['fs_type', 'mount_flags']), 'fs_type');
  t.equal(guess('zebra', ['pool', 'cluster']), undefined);
  t.equal(didYouMean('pol', ['pool']), '; did you mean "pool"?');
});

t.test('every error of the catalogue says what to do, and fills in its words', async (t) => {
  for (const [kind, entry] of Object.entries(CATALOGUE)) {
    t.match(entry.remedy, /^[A-Z].*\.$/, `${kind}: the remedy is a sentence`);
    const words: Record<string, string> = {};
    for (const [, word] of `${entry.message} ${entry.remedy}`.matchAll(/\{(\w+)\}/g))
      if (word !== undefined) words[word] = `<${word}>`;
    const error = new VolumeError(kind as keyof typeof CATALOGUE, words);
    t.notMatch(`${error.message} ${error.remedy}`, /[{}]/, kind);
  }
});
