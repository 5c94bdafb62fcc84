/** For programs: a gRPC status name, or UNREACHABLE and CONFIG, which a status has no word for. */
export type NomadErrorCode =
  | 'UNREACHABLE'
  | 'CONFIG'
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'FAILED_PRECONDITION'
  | 'PERMISSION_DENIED'
  | 'UNAUTHENTICATED'
  | 'UNIMPLEMENTED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'INTERNAL';

interface NomadErrorOptions extends ErrorOptions {
  readonly code: NomadErrorCode;
  readonly remedy: string;
  readonly request?: string;
  readonly status?: number;
  readonly body?: string;
}

/** Why Nomad did not do what it was asked for: one sentence that says what stands, and one that says what to do. */
export class NomadError extends Error {
  override readonly name = 'NomadError';
  readonly code: NomadErrorCode;
  readonly remedy: string;
  /** What was asked: "GET /v1/volumes"; undefined where nothing was. */
  readonly request: string | undefined;
  /** HTTP's; undefined where there was no answer. */
  readonly status: number | undefined;
  /** The text that Nomad answered. */
  readonly body: string | undefined;

  constructor(
    message: string,
    { code, remedy, request, status, body, ...rest }: NomadErrorOptions,
  ) {
    super(message, rest);
    this.code = code;
    this.remedy = remedy;
    this.request = request;
    this.status = status;
    this.body = body;
  }
}

/** An error as one of several things that could not be read: with what the token lacks, where it is that. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const denied = error instanceof NomadError && error.code === 'PERMISSION_DENIED';
  return denied ? `${error.message}. ${error.remedy}` : error.message;
}

/** What was given to reach Nomad cannot be used: a flag, or a variable. */
export function badSetting(message: string, remedy: string, cause?: unknown): NomadError {
  return new NomadError(message, { code: 'CONFIG', remedy, cause });
}
