import { parseDuration } from './duration.js';

// Why a value of a setting will not do, or undefined.

export const ENDPOINT = 'unix:///path/to.sock or tcp://host:port';

export function anything(): undefined {}

export function oneOf(words: readonly string[]) {
  return (value: string) =>
    words.includes(value) ? undefined : `expected one of ${words.join(', ')}`;
}

export function absolute(value: string): string | undefined {
  return value.startsWith('/') ? undefined : 'expected an absolute path';
}

export function endpoint(value: string): string | undefined {
  return /^(unix:|\/)./.test(value) || /^tcp:\/\/[^/]+:\d+$/.test(value)
    ? undefined
    : `expected ${ENDPOINT}`;
}

export function time(value: string): string | undefined {
  return parseDuration(value) === undefined ? 'expected a time such as 90m, 12h or 7d' : undefined;
}

/** A name that Consul resolves by DNS too. */
export function serviceName(value: string): string | undefined {
  return /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(value)
    ? undefined
    : 'expected the name of a Consul service: at most 63 letters, digits and dashes';
}
