import type { Readable, Writable } from 'node:stream';

/** The agent's TCP port in every machine. */
export const AGENT_PORT = 7;

/** The first message on a connection, which is about one program. */
export interface Start {
  /** The program and its arguments; no shell reads them. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it reads from its standard input, in base64. */
  readonly input: string;
}

/** What follows from the host. Where the connection ends, the program is killed. */
export interface Signal {
  readonly signal: NodeJS.Signals;
}

/** What the machine tells of the program. Output is base64, since it may be cut anywhere. */
export type Told =
  | { readonly pid: number }
  | { readonly out: string }
  | { readonly err: string }
  | { readonly ended: string | number };

/** Sends a message as a line of JSON. */
export function send(stream: Writable, message: Start | Signal | Told): void {
  stream.write(`${JSON.stringify(message)}\n`);
}

/** Calls `hear` with each message that comes. */
export function listen(stream: Readable, hear: (message: unknown) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear(JSON.parse(line));
  });
}
