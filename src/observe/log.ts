import { pino } from 'pino';

export type LogFields = Readonly<Record<string, unknown>>;

/** A structured log: what happened, and the words that a search would use. Never a secret. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A log whose level can be changed. */
export interface OpenLog extends Logger {
  level: LogLevel;
}

/** JSON lines on stderr, written at once, so that a killed plugin has said what it did. */
export function openLog(level: LogLevel): OpenLog {
  const log = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  return log as typeof log & OpenLog;
}
