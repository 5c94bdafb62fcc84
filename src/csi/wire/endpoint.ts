import { fail } from '../../volume/errors.js';

/** Where a plugin listens. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** What the kernel takes in sockaddr_un, without the closing zero, in bytes. */
const SOCKET_PATH_MAX = 107;

/**
 * Reads an endpoint: `unix:///csi/csi.sock`, `unix:/csi/csi.sock`, a bare path, or `tcp://host:port`.
 * `unix://csi/csi.sock`, which many jobspecs have, means the absolute path too.
 */
export function parseEndpoint(text: string): Endpoint {
  const tcp = /^(?:tcp|http):\/\/(\[[^\]]+\]|[^:/]+):(\d{1,5})$/.exec(text);
  if (tcp?.[1] !== undefined && Number(tcp[2]) < 65536)
    return { kind: 'tcp', host: tcp[1], port: Number(tcp[2]) };
  const unix = /^unix:(?:\/\/)?(.+)$/.exec(text)?.[1];
  const path = unix === undefined ? text : unix.startsWith('/') ? unix : `/${unix}`;
  if (!path.startsWith('/') || path.endsWith('/') || path.includes('\0'))
    fail('invalid-field', {
      field: 'endpoint',
      problem: `"${text}" is neither unix:///path/to.sock nor tcp://host:port`,
    });
  if (Buffer.byteLength(path) > SOCKET_PATH_MAX)
    fail('invalid-field', {
      field: 'endpoint',
      problem: `the socket's path is over ${SOCKET_PATH_MAX} bytes, the kernel's limit: "${path}"`,
    });
  return { kind: 'unix', path };
}

/** The endpoint as grpc-js takes it, to listen on or to dial. */
export function grpcAddress(endpoint: Endpoint): string {
  return endpoint.kind === 'unix' ? `unix:${endpoint.path}` : `${endpoint.host}:${endpoint.port}`;
}
