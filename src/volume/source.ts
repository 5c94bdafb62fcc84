import type { Source } from './controller.js';

/** A source as a record has it: "snapshot ID", "volume ID", or '' for none. */
export function formatSource(source: Source | undefined): string {
  return source === undefined ? '' : `${source.kind} ${source.id}`;
}

/** The source that a record has. */
export function parseSource(text: string): Source | undefined {
  const [, kind, id] = /^(snapshot|volume) (.+)$/.exec(text) ?? [];
  return kind === undefined || id === undefined ? undefined : { kind: kind as Source['kind'], id };
}
