import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import t from 'tap';

/** Serves a file until the test file ends, and returns its URL: Nomad fetches no file of the machine. */
export async function serveFile(path: string, host = '127.0.0.1'): Promise<string> {
  const { size } = await stat(path);
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-length': size });
    if (request.method === 'HEAD') response.end();
    else createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return `http://${host}:${port}/${basename(path)}`;
}
