import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Entry, tar } from './tar.js';

/** What the containers of an image do where nothing else is said: the fields of OCI's image configuration. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

export interface ImageOptions {
  /** "pannier:0.1.0". */
  readonly reference: string;
  readonly config: ImageConfig;
  /** Tar archives, the lowest first. */
  readonly layers: readonly AsyncIterable<Buffer>[];
  /** Of the image, in seconds since 1970. */
  readonly mtime: number;
  /** Where the blobs may be while the image is made. */
  readonly folder: string;
}

interface Blob {
  readonly entry: Entry;
  /** Without "sha256:". */
  readonly digest: string;
  readonly size: number;
}

interface Layer extends Blob {
  /** The digest of what it is before it is compressed. */
  readonly diffId: string;
}

const OCI = 'application/vnd.oci.image';

/**
 * Writes an image as one archive, which is an OCI layout and what `docker load` takes too: both point at the same
 * blobs. The same layers give the same archive.
 */
export async function writeImage(file: string, options: ImageOptions): Promise<void> {
  const { reference, config, mtime, folder } = options;
  const layers: Layer[] = [];
  for (const [index, content] of options.layers.entries())
    layers.push(await layerBlob(join(folder, `layer-${index}`), content));
  const created = new Date(mtime * 1000).toISOString();
  const configBlob = jsonBlob({
    ...{ created, architecture: 'amd64', os: 'linux', config },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => `sha256:${diffId}`) },
    history: layers.map(() => ({ created })),
  });
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: describe(configBlob, `${OCI}.config.v1+json`),
    layers: layers.map((layer) => describe(layer, `${OCI}.layer.v1.tar+gzip`)),
  });
  const index = {
    schemaVersion: 2,
    mediaType: `${OCI}.index.v1+json`,
    manifests: [
      {
        ...describe(manifest, `${OCI}.manifest.v1+json`),
        annotations: {
          'io.containerd.image.name': `docker.io/library/${reference}`,
          'org.opencontainers.image.ref.name': reference.slice(reference.indexOf(':') + 1),
        },
      },
    ],
  };
  const forDocker = [
    {
      Config: configBlob.entry.path,
      RepoTags: [reference],
      Layers: layers.map(({ entry }) => entry.path),
    },
  ];
  const entries: Entry[] = [
    jsonFile('oci-layout', { imageLayoutVersion: '1.0.0' }),
    jsonFile('index.json', index),
    jsonFile('manifest.json', forDocker),
    { kind: 'folder', path: 'blobs' },
    { kind: 'folder', path: 'blobs/sha256' },
    ...[configBlob, manifest, ...layers].map(({ entry }) => entry),
  ];
  await pipeline(tar(entries, mtime), createWriteStream(`${file}.new`));
  await rename(`${file}.new`, file);
}

async function layerBlob(file: string, content: AsyncIterable<Buffer>): Promise<Layer> {
  const before = createHash('sha256');
  const after = createHash('sha256');
  await pipeline(content, through(before), createGzip(), through(after), createWriteStream(file));
  const digest = after.digest('hex');
  return {
    ...{ digest, size: (await stat(file)).size, diffId: before.digest('hex') },
    entry: { ...blobPath(digest), content: { from: file } },
  };
}

function jsonBlob(value: unknown): Blob {
  const content = Buffer.from(JSON.stringify(value));
  const digest = createHash('sha256').update(content).digest('hex');
  return { digest, size: content.length, entry: { ...blobPath(digest), content } };
}

function jsonFile(path: string, value: unknown): Entry {
  return { kind: 'file', path, executable: false, content: Buffer.from(JSON.stringify(value)) };
}

function blobPath(digest: string) {
  return { kind: 'file', path: `blobs/sha256/${digest}`, executable: false } as const;
}

function describe({ digest, size }: Blob, mediaType: string) {
  return { mediaType, digest: `sha256:${digest}`, size };
}

function through(hash: ReturnType<typeof createHash>): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}
