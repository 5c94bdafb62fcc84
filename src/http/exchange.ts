import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';

/** A whole answer. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** The limit of a request is over. */
export class TooLate extends Error {}

/** One request and its whole answer, within a limit in milliseconds. Fails with TooLate or with Node's error. */
export async function exchange(
  options: RequestOptions,
  body: string,
  limitMs: number,
  signal?: AbortSignal,
): Promise<Received> {
  const { promise, resolve, reject } = Promise.withResolvers<Received>();
  const sent: ClientRequest = request(
    { ...options, ...(signal === undefined ? {} : { signal }) },
    (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(pieces).toString(),
        }),
      );
    },
  );
  sent.on('error', reject);
  const timer = setTimeout(() => sent.destroy(new TooLate()), limitMs);
  try {
    sent.end(body);
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
