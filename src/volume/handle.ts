/**
 * A volume's handle is the words an operator types after `rbd info`, behind the cluster's name:
 * `cluster/pool/image` or `cluster/pool/namespace/image`. It is CSI's `volume_id`.
 */
export interface VolumeHandle {
  readonly cluster: string;
  readonly pool: string;
  /** RADOS namespace; '' is the pool's default one. */
  readonly namespace: string;
  readonly image: string;
}

/** CSI's size limit for a string field, in bytes. */
export const HANDLE_MAX_BYTES = 128;

/** What a volume's own may have, so that its snapshots' fit too: "@", a key, "-" and a word. */
export const VOLUME_ID_MAX_BYTES = HANDLE_MAX_BYTES - 28;

/** The longest name of a file: Mesos makes one of a volume's id, percent-encoded. */
export const PATH_MAX_BYTES = 255;

/** How long an id is, in bytes, when everything in it but letters, digits, dots, dashes and underscores is "%" and two digits. */
export function pathBytes(id: string): number {
  const plain = id.match(/[A-Za-z0-9._-]/g)?.length ?? 0;
  return plain + 3 * (Buffer.byteLength(id) - plain);
}

// What Ceph takes in a pool, namespace or image name, less '/' and '@', which `rbd` reads as separators.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it keeps out.
const PART = /^[^/@\u0000-\u001f\u007f]+$/;

/** The handle that a `volume_id` names, or undefined: a malformed handle is a volume that does not exist. */
export function parseHandle(text: string): VolumeHandle | undefined {
  if (Buffer.byteLength(text) > HANDLE_MAX_BYTES) return undefined;
  const parts = text.split('/');
  if (!parts.every(isHandlePart)) return undefined;
  const [cluster, pool, third, fourth] = parts;
  if (cluster === undefined || pool === undefined || third === undefined) return undefined;
  if (parts.length === 3) return { cluster, pool, namespace: '', image: third };
  if (parts.length === 4 && fourth !== undefined)
    return { cluster, pool, namespace: third, image: fourth };
  return undefined;
}

/** True for a name that can be a part of a handle. */
export function isHandlePart(part: string): boolean {
  return part !== '.' && part !== '..' && PART.test(part);
}

export function formatHandle(handle: VolumeHandle): string {
  const { cluster, pool, namespace, image } = handle;
  return [cluster, pool, ...(namespace === '' ? [] : [namespace]), image].join('/');
}
