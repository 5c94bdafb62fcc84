import { red } from './colour.js';
import { CommandError, DoingError, type Failure, failureOf, UsageError } from './errors.js';
import { toJson } from './json.js';

/**
 * Prints an error to standard error and answers the exit code. With -json it is one JSON object,
 * `{"error": {"code", "message", "remedy", "exitCode", "details"}}`; standard output holds data only.
 */
export function report(error: unknown, command: string, json: boolean): number {
  const failure = failureOf(error);
  process.stderr.write(
    json ? `${toJson({ error: failure })}\n` : `${forPeople(error, failure, command)}\n`,
  );
  return failure.exitCode;
}

function forPeople(error: unknown, failure: Failure, command: string): string {
  if (error instanceof UsageError)
    return `${error.message}\nFor additional help try '${command} -help'`;
  const doing = error instanceof DoingError ? ` ${error.doing}` : '';
  const head = `${red(`Error${doing}:`, process.stderr)} ${failure.message}`;
  const cause = error instanceof DoingError ? error.cause : error;
  const text = cause instanceof CommandError ? cause.text : undefined;
  return [
    head,
    ...(text === undefined ? [] : ['', text]),
    ...(failure.remedy === undefined ? [] : [failure.remedy]),
  ].join('\n');
}
