import type { Part } from '../../../inspect/finding.js';
import { clientNode } from '../../../inspect/joins.js';
import type { AskedSource, Gathered } from '../gather.js';

/** A section of the page; without a part no finding can belong to it. */
export interface Section {
  readonly title: string;
  readonly body: string;
  readonly part?: Part | undefined;
}

/** Why a source does not tell, for the section that it would fill. */
export function notKnown({ sources }: Gathered, kind: AskedSource['kind']): string {
  const source = sources.find((one) => one.kind === kind);
  return `not known: ${source?.problem ?? 'nobody was asked'}`;
}

/** Lines on what could not be read of a section. */
export function gapLines(
  gaps: ReadonlyArray<{ readonly part: string; readonly problem: string }>,
): string[] {
  return [...new Set(gaps.map(({ part, problem }) => `${part}: not known: ${problem}`))];
}

const SHORT = 8;

/** The beginning of one of Nomad's IDs, as Nomad shows them. */
export function short(id: string): string {
  return id.slice(0, SHORT);
}

/** A node by the plugin's id of it, with Nomad's name where there is one: "web-1 (7d3f0a12)". */
export function nodeName({ nomad }: Gathered, csiId: string): string {
  const node = nomad ? clientNode(nomad, csiId) : undefined;
  return node === undefined || node.name === csiId
    ? csiId
    : `${node.name} (${csiId === node.id ? short(csiId) : csiId})`;
}

/** The nodes that somebody at an address may be. */
export function nodeNames(gathered: Gathered, csiIds: readonly string[] | undefined): string {
  if (csiIds === undefined) return 'not known';
  return csiIds.map((id) => nodeName(gathered, id)).join(' or ') || 'no node';
}
