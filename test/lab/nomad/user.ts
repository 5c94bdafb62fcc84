import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ownEnvironment } from '../daemon.js';

const CLI_LIMIT_MS = 120_000;
const WAIT_LIMIT_MS = 90_000;
/** How long one blocking query may take. */
const BLOCK = '2s';

/** What an answer of Nomad's API was, where it was not a success. */
export class NomadRefusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Someone who uses a Nomad through its API and its own command line. */
export class NomadUser {
  readonly #program: string;
  readonly #address: () => string;

  constructor(
    program: string,
    /** The address to ask, "http://127.0.0.1:20000", each time anew. */
    address: () => string,
    /** Undefined for nobody. */
    readonly token: string | undefined,
  ) {
    this.#program = program;
    this.#address = address;
  }

  get address(): string {
    return this.#address();
  }

  /** For programs that use Nomad. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...ownEnvironment(),
      NOMAD_ADDR: this.address,
      NOMAD_CLI_NO_COLOR: '1',
      ...(this.token === undefined ? {} : { NOMAD_TOKEN: this.token }),
    };
  }

  /** The same Nomad with another token. */
  as(token: string | undefined): NomadUser {
    return new NomadUser(this.#program, this.#address, token);
  }

  /** Runs `nomad` and returns what it printed. A failure's error has its `code`, `stdout` and `stderr`. */
  async cli(...args: string[]): Promise<string> {
    return this.#run(args);
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#ask<T>('GET', path)).body;
  }

  async put<T>(path: string, body: unknown = {}): Promise<T> {
    return (await this.#ask<T>('PUT', path, body)).body;
  }

  async delete<T>(path: string): Promise<T> {
    return (await this.#ask<T>('DELETE', path)).body;
  }

  /** Asks until the answer will do, as blocking queries where the path has them. What is missing will not do. */
  async until<T>(
    path: string,
    holds: (answer: T) => boolean,
    limitMs: number = WAIT_LIMIT_MS,
  ): Promise<T> {
    const end = Date.now() + limitMs;
    let index = '0';
    let last: unknown;
    while (Date.now() < end) {
      try {
        const query = `${path.includes('?') ? '&' : '?'}index=${index}&wait=${BLOCK}`;
        const { body, index: next } = await this.#ask<T>('GET', path + query);
        if (holds(body)) return body;
        last = body;
        index = next;
      } catch (error) {
        if (error instanceof NomadRefusal && ![404, 500].includes(error.status)) throw error;
        last = error;
        index = '0';
      }
      await sleep(100);
    }
    throw new Error(`${path} was not as expected in time: ${describe(last)}`);
  }

  /** Registers a job, given as HCL, and returns its id. */
  async runJob(hcl: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
    const vars = Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`);
    await this.#run(['job', 'run', '-detach', ...vars, '-'], hcl);
    const id = /^\s*job\s+"([^"]+)"/m.exec(hcl)?.[1];
    if (id === undefined) throw new Error(`no job is named in ${hcl}`);
    return id;
  }

  async #run(args: readonly string[], input?: string): Promise<string> {
    const running = promisify(execFile)(this.#program, args, {
      env: this.env,
      timeout: CLI_LIMIT_MS,
      maxBuffer: 64 << 20,
    });
    running.child.stdin?.end(input);
    return (await running).stdout;
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<{ body: T; index: string }> {
    const response = await fetch(this.address + path, {
      method,
      headers: this.token === undefined ? {} : { 'X-Nomad-Token': this.token },
      signal: AbortSignal.timeout(CLI_LIMIT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new NomadRefusal(response.status, text);
    const index = response.headers.get('X-Nomad-Index') ?? '0';
    return { body: (text === '' ? undefined : JSON.parse(text)) as T, index };
  }
}

function describe(answer: unknown): string {
  return answer instanceof Error ? String(answer) : JSON.stringify(answer).slice(0, 4000);
}
