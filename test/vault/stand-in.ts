import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

interface Asked {
  readonly path: string;
  readonly token: string | undefined;
  readonly namespace: string | undefined;
}

interface Reply {
  readonly status?: number;
  readonly location?: string;
  readonly body?: unknown;
}

export interface VaultStandIn {
  readonly address: string;
  readonly asked: Asked[];
}

/**
 * An HTTP server that answers as Vault's documentation says, with a key/value engine of version 2 at secret/ and
 * one of version 1 at kv/. A real Vault is not among the programs that tests build. `more` answers before it.
 */
export async function vaultStandIn(
  t: Test,
  secrets: Readonly<Record<string, unknown>>,
  more: (path: string) => Reply | 'hang' | undefined = () => undefined,
): Promise<VaultStandIn> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    const header = (name: string) => request.headers[name] as string | undefined;
    const token = header('x-vault-token');
    asked.push({ path, token, namespace: header('x-vault-namespace') });
    const reply = more(path) ?? (token === 'good' ? answer(path, secrets) : { status: 403 });
    if (reply === 'hang') return;
    const { status = 200, location, body = { errors: [] } } = reply;
    response.writeHead(status, location === undefined ? {} : { location });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const MOUNTS = '/v1/sys/internal/ui/mounts/';

function answer(path: string, secrets: Readonly<Record<string, unknown>>): Reply {
  if (path.startsWith(`${MOUNTS}secret/`))
    return { body: { data: { path: 'secret/', options: { version: '2' } } } };
  if (path.startsWith(`${MOUNTS}kv/`)) return { body: { data: { path: 'kv/', options: null } } };
  if (path.startsWith(MOUNTS)) return { status: 403 };
  const data = secrets[path.replace('/v1/', '')];
  if (data === undefined) return { status: 404 };
  return { body: { data: path.startsWith('/v1/secret/') ? { data, metadata: {} } : data } };
}
