/** For programs: a gRPC status name, or UNREACHABLE and CONFIG, which a status has no word for. */
export type MesosErrorCode =
  | 'UNREACHABLE'
  | 'CONFIG'
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'PERMISSION_DENIED'
  | 'UNAUTHENTICATED'
  | 'UNIMPLEMENTED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'INTERNAL';

interface MesosErrorOptions extends ErrorOptions {
  readonly code: MesosErrorCode;
  readonly remedy: string;
  readonly status?: number;
}

/** Why Mesos did not do what it was asked for: one sentence that says what stands, and one that says what to do. */
export class MesosError extends Error {
  override readonly name = 'MesosError';
  readonly code: MesosErrorCode;
  readonly remedy: string;
  /** HTTP's; undefined where there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, { code, remedy, status, ...rest }: MesosErrorOptions) {
    super(message, rest);
    this.code = code;
    this.remedy = remedy;
    this.status = status;
  }
}

/** What was given to reach Mesos cannot be used: a flag, a variable or a file. */
export function badSetting(message: string, remedy: string, cause?: unknown): MesosError {
  return new MesosError(message, { code: 'CONFIG', remedy, cause });
}
