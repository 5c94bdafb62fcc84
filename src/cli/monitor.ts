import { formatTime } from './time.js';

/** A line that says what is being done, and when: `==> 2026-01-02T15:04:05Z: Creating volume "x"`. */
export function monitorLine(text: string, now = new Date()): string {
  return `==> ${formatTime(now)}: ${text}`;
}
