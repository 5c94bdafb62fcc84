import { randomUUID } from 'node:crypto';
import type { DescMethod, Message } from '@bufbuild/protobuf';
import { type Metadata, status } from '@grpc/grpc-js';
import type { Logger } from '../../observe/log.js';
import { redact } from './redact.js';
import { type Status, toStatus } from './status.js';

/** Calls that orchestrators repeat all day: they are logged at debug, unless they fail. */
const QUIET =
  /^(Probe|Check|Watch|ServerReflectionInfo|GetPlugin.*|.*GetCapabilities|ListVolumes|GetCapacity)$/;

/** A caller's own id, where it is one that a log can hold; anything else is replaced. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** One call's entry in the log, from its arrival to its end. */
export class CallLog {
  readonly requestId: string;
  readonly #began = process.hrtime.bigint();
  readonly #log: Logger;
  readonly #method: DescMethod;
  #names: Record<string, string> = {};
  #callerLeft = false;

  constructor(log: Logger, method: DescMethod, metadata: Metadata) {
    this.#log = log;
    this.#method = method;
    const given = String(metadata.get('x-request-id')[0] ?? '');
    this.requestId = REQUEST_ID.test(given) ? given : randomUUID();
  }

  request(message: Message): void {
    this.#names = namesOf(message);
    this.#log.debug(
      { ...this.#fields(), request: redact(this.#method.input, message) },
      'call received',
    );
  }

  /** The caller cancelled, or its deadline passed: the entry says so if the work was still going on. */
  callerLeft(): void {
    this.#callerLeft = true;
  }

  succeeded(): void {
    const level = QUIET.test(this.#method.name) ? 'debug' : 'info';
    this.#log[level]({ ...this.#fields(), code: 'OK', ms: this.#ms() }, 'call done');
  }

  failed(error: unknown): Status {
    const answer = toStatus(this.#method.name, error, this.requestId);
    const fields = { ...this.#fields(), code: status[answer.code], ms: this.#ms() };
    if (answer.code === status.INTERNAL)
      this.#log.error({ ...fields, error: describe(error) }, 'call failed');
    else this.#log.warn({ ...fields, error: answer.details }, 'call failed');
    return answer;
  }

  #fields() {
    return {
      requestId: this.requestId,
      rpc: this.#method.name,
      ...this.#names,
      ...(this.#callerLeft ? { callerLeft: true } : {}),
    };
  }

  #ms(): number {
    return Number((process.hrtime.bigint() - this.#began) / 10_000n) / 100;
  }
}

/** An unforeseen error with its stack and those of its causes. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\ncaused by ${describe(error.cause)}`;
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
