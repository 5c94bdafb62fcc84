import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { goTool } from '../../tools/build.js';

/** A request as it came over the wire. */
export interface Sent {
  readonly method: string;
  /** The path and the query, as escaped. */
  readonly url: string;
  readonly body: string;
}

export interface NomadRan {
  /** What it sent, in order. */
  readonly sent: readonly Sent[];
  readonly code: number | null;
  /** Standard output and standard error. */
  readonly output: string;
}

const LIMIT_MS = 60_000;
const ANSWER = JSON.stringify({ Volumes: [{ ID: 'answered', ExternalID: 'answered' }] });

/** Runs Nomad's own command line against a server that takes every request and answers one volume. */
export async function runNomad(
  args: readonly string[],
  input: string | Uint8Array,
): Promise<NomadRan> {
  const program = await goTool('nomad');
  const sent: Sent[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    sent.push({ method, url, body: await text(request) });
    response.setHeader('Content-Type', 'application/json').end(ANSWER);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, NOMAD_ADDR: `http://127.0.0.1:${port}` },
      timeout: LIMIT_MS,
    });
    // It may end before it has read everything.
    child.stdin.on('error', () => undefined).end(input);
    const [code, ...outputs] = await Promise.all([
      new Promise<number | null>((resolve) => child.once('close', resolve)),
      text(child.stdout),
      text(child.stderr),
    ]);
    return { sent, code, output: outputs.join('') };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
