/** A time as people read it here, in UTC: `2026-01-02T15:04:05Z`. */
export function formatTime(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}

const UNITS: ReadonlyArray<readonly [string, number]> = [
  ['y', 365 * 86_400],
  ['mo', 30 * 86_400],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

/** How long ago a time is, as Nomad says it, in the two largest units that count: "3m47s ago". */
export function ago(time: Date, now = new Date()): string {
  const seconds = Math.round(now.getTime() / 1000) - Math.round(time.getTime() / 1000);
  let rest = Math.abs(seconds);
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  const words = parts.slice(0, 2).join('') || '0s';
  return `${words} ${seconds < 0 ? 'from now' : 'ago'}`;
}
