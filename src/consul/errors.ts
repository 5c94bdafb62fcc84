/** What a request to Consul failed with. Its message names the agent, and never a token. */
export class ConsulError extends Error {
  override readonly name = 'ConsulError';

  constructor(
    message: string,
    /** The HTTP status; undefined where there was no answer. */
    readonly status: number | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What the package's errors carry. */
interface PackageError extends Error {
  readonly isResponse?: true;
  readonly isTimeout?: true;
  readonly response?: { readonly statusCode?: number; readonly body?: unknown };
  /** Node's, where a name had several addresses. */
  readonly errors?: readonly Error[];
}

/** How much of an answer is shown. */
const SHOWN = 300;

/** The error of a request to the agent at an address. */
export function consulError(error: unknown, address: string): ConsulError {
  if (error instanceof ConsulError) return error;
  const { message, isResponse, isTimeout, response, errors } = error as PackageError;
  const options = { cause: error };
  if (isResponse !== true || response?.statusCode === undefined) {
    const words = isTimeout ? 'no answer in time' : (errors?.[0]?.message ?? withoutName(message));
    return new ConsulError(`Consul at ${address} does not answer: ${words}`, undefined, options);
  }
  const { statusCode, body } = response;
  const said = textOf(body) || withoutName(message);
  const verb = statusCode === 403 ? 'refuses' : `answers ${statusCode}`;
  return new ConsulError(`Consul at ${address} ${verb}: ${said}`, statusCode, options);
}

/** The package puts its own name and the method's before a message. */
function withoutName(message: string): string {
  return message.replace(/^(consul: )?[\w.]+: /, '');
}

function textOf(body: unknown): string {
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return '';
  return body.toString().trim().replace(/\s+/g, ' ').slice(0, SHOWN);
}
