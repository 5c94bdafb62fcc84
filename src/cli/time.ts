/** A time as people read it here, in UTC: `2026-01-02T15:04:05Z`. */
export function formatTime(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
