import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { AGENT_PORT, listen, type Start, send, type Told } from './wire.js';

/** How a program ended whose machine did, or that a machine was too late to tell of. */
export const GONE = 'gone';

/** A program that runs in a machine. */
export class Program {
  readonly #socket: Socket;
  readonly #ended = Promise.withResolvers<string | number>();
  readonly #started = Promise.withResolvers<void>();
  readonly #output = { out: [] as Buffer[], err: [] as Buffer[] };
  #pid = 0;
  #hasEnded = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    listen(socket, (message) => this.#hear(message as Told));
    socket.on('error', () => {});
    socket.once('close', () => this.#end(GONE));
  }

  /** Starts a program in the machine at an address. Fails where that does not answer. */
  static async start(address: string, start: Start): Promise<Program> {
    const socket = connect(AGENT_PORT, address);
    await once(socket, 'connect');
    const program = new Program(socket);
    send(socket, start);
    await program.#started.promise;
    return program;
  }

  /** In the machine. */
  get pid(): number {
    return this.#pid;
  }

  get stdout(): string {
    return Buffer.concat(this.#output.out).toString();
  }

  get stderr(): string {
    return Buffer.concat(this.#output.err).toString();
  }

  /** How it ended: an exit code, a signal's name, or GONE. */
  get ended(): Promise<string | number> {
    return this.#ended.promise;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  kill(signal: NodeJS.Signals): void {
    send(this.#socket, { signal });
  }

  /** Waits for it no longer; in a machine that lives it is killed. */
  leave(): void {
    this.#socket.destroy();
  }

  #hear(told: Told): void {
    if ('pid' in told) this.#pid = told.pid;
    else if ('out' in told) this.#output.out.push(Buffer.from(told.out, 'base64'));
    else if ('err' in told) this.#output.err.push(Buffer.from(told.err, 'base64'));
    else this.#end(told.ended);
    this.#started.resolve();
  }

  #end(ended: string | number): void {
    this.#hasEnded = true;
    // The machine may be gone before it has closed its end.
    this.#socket.destroy();
    this.#ended.resolve(ended);
    this.#started.resolve();
  }
}
