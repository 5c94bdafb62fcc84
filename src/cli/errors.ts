/** Exit codes, the same with and without -json. docs/reference/commands.md shows this table. */
export const EXIT = {
  ok: 0,
  /** The work failed. */
  failed: 1,
  /** The command line, the specification or the configuration is wrong; nothing was done. */
  usage: 2,
  /** No plugin, or no Nomad, answers at the address. */
  unreachable: 3,
  /** Interrupted: 128 and the signal's number, as a shell says it. */
  interrupted: 130,
} as const;

/** A command line that cannot be understood; the reader is pointed to -help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface CommandErrorOptions extends ErrorOptions {
  /** What to do about it. */
  readonly remedy?: string;
  /** For programs: a gRPC status name such as NOT_FOUND, or a word of the command's own. */
  readonly code?: string;
  readonly exitCode?: number;
  /** More for a person, such as a specification's mistakes, each with its place. */
  readonly text?: string;
  /** The same for -json. */
  readonly details?: unknown;
}

/** A failure that a command explains itself. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly remedy: string | undefined;
  readonly code: string | undefined;
  readonly exitCode: number;
  readonly text: string | undefined;
  readonly details: unknown;

  constructor(message: string, options: CommandErrorOptions = {}) {
    super(message, options);
    this.remedy = options.remedy;
    this.code = options.code;
    this.exitCode = options.exitCode ?? EXIT.failed;
    this.text = options.text;
    this.details = options.details;
  }
}

/** That a file or folder which was named cannot be read. */
export function cannotRead(path: string, error: NodeJS.ErrnoException): CommandError {
  return new CommandError(`cannot read ${path}`, {
    code: error.code ?? 'INTERNAL',
    remedy: error.code === 'ENOENT' ? 'There is no such file or folder.' : error.message,
    exitCode: EXIT.usage,
    cause: error,
  });
}

/** An error, and what the command was doing: "Error creating volume: …". */
export class DoingError extends Error {
  constructor(
    readonly doing: string,
    override readonly cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** An error as a person and a program are told of it. */
export interface Failure {
  readonly code: string;
  /** One line, without the remedy. */
  readonly message: string;
  readonly remedy?: string;
  readonly exitCode: number;
  readonly details?: unknown;
}

/** For errors from outside the command line, which know nothing of exit codes. */
const EXIT_BY_CODE: Readonly<Record<string, number>> = {
  CONFIG: EXIT.usage,
  UNREACHABLE: EXIT.unreachable,
};

/**
 * What to tell of an error. A `remedy` and a `code` are taken from whatever carries them, so that the
 * domain's errors, the plugin's answers and a command's own read alike.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof DoingError) return failureOf(error.cause);
  if (!(error instanceof Error))
    return { code: 'INTERNAL', message: String(error), exitCode: EXIT.failed };
  if (error instanceof UsageError)
    return { code: 'USAGE', message: error.message, exitCode: EXIT.usage };
  const { remedy, code, exitCode, details } = error as Error & Record<string, unknown>;
  const word = typeof code === 'string' ? code : 'INTERNAL';
  return {
    code: word,
    message: error.message,
    ...(typeof remedy === 'string' && remedy !== '' ? { remedy } : {}),
    exitCode: typeof exitCode === 'number' ? exitCode : (EXIT_BY_CODE[word] ?? EXIT.failed),
    ...(details === undefined ? {} : { details }),
  };
}
