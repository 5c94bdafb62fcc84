import { randomUUID } from 'node:crypto';
import type { DescMethod, Message } from '@bufbuild/protobuf';
import { type Metadata, status } from '@grpc/grpc-js';
import type { Logger } from '../../observe/log.js';
import { redact } from './redact.js';
import { type Status, toStatus } from './status.js';

/** Calls that orchestrators repeat all day: they are logged at debug, unless they fail. */
const QUIET = /^(Probe|Check|Watch|ServerReflectionInfo|GetPlugin.*|.*GetCapabilities)$/;

/** One call's entry in the log, from its arrival to its end. */
export class CallLog {
  readonly requestId: string;
  readonly #began = process.hrtime.bigint();
  readonly #log: Logger;
  readonly #method: DescMethod;
  #names: Record<string, string> = {};

  constructor(log: Logger, method: DescMethod, metadata: Metadata) {
    this.#log = log;
    this.#method = method;
    this.requestId = String(metadata.get('x-request-id')[0] ?? randomUUID());
  }

  request(message: Message): void {
    this.#names = namesOf(message);
    this.#log.debug(
      { ...this.#fields(), request: redact(this.#method.input, message) },
      'call received',
    );
  }

  succeeded(): void {
    const level = QUIET.test(this.#method.name) ? 'debug' : 'info';
    this.#log[level]({ ...this.#fields(), code: 'OK', ms: this.#ms() }, 'call done');
  }

  failed(error: unknown): Status {
    const answer = toStatus(this.#method.name, error, this.requestId);
    const fields = { ...this.#fields(), code: status[answer.code], ms: this.#ms() };
    if (answer.code === status.INTERNAL)
      this.#log.error(
        { ...fields, error: error instanceof Error ? error.stack : String(error) },
        'call failed',
      );
    else this.#log.warn({ ...fields, error: answer.details }, 'call failed');
    return answer;
  }

  #fields() {
    return { requestId: this.requestId, rpc: this.#method.name, ...this.#names };
  }

  #ms(): number {
    return Number((process.hrtime.bigint() - this.#began) / 10_000n) / 100;
  }
}

/** The fields by which an operator looks for a call. */
function namesOf(message: Message): Record<string, string> {
  const names: Record<string, string> = {};
  for (const key of ['volumeId', 'name', 'nodeId'] as const) {
    const value = (message as unknown as Record<string, unknown>)[key];
    if (typeof value === 'string' && value !== '') names[key] = value;
  }
  return names;
}
