import { errorAt, type Range, warningAt } from '../diagnostic.js';
import { describe, type Key, type Value } from '../hcl/ast.js';
import { bodyOf, knownEntries } from './inner.js';
import {
  type Context,
  type Entry,
  entriesOf,
  lastCounts,
  named,
  type Report,
  unlabelled,
} from './root.js';
import { writtenText } from './text.js';

export type Segments = Readonly<Record<string, string>>;

export interface TopologyRequest {
  readonly required: readonly Segments[];
  readonly preferred: readonly Segments[];
}

const GROUPS = ['required', 'preferred'] as const;
const EXAMPLE = 'Write: required { topology { segments { rack = "R1" } } }.';
const JSON_EXAMPLE =
  'In JSON write lists: "topology_request": {"required": [{"topology": [{"segments": {"rack": "R1"}}]}]}.';

/** One element of what stands in a block: its keys, each with what is behind it. */
type Element = ReadonlyArray<{ readonly keys: readonly Key[]; readonly value: Value }>;

/** The last `topology_request`; an empty one where a label loses it; undefined where there is none. */
export function readTopology(context: Context): TopologyRequest | undefined {
  const { report } = context;
  const all = named(context, 'topology_request');
  if (all.length === 0) return undefined;
  const entries = unlabelled(context, all, JSON_EXAMPLE);
  lastCounts(report, entries);
  const requests = entries.map((entry) => readRequest(entry, report));
  return requests[requests.length - 1] ?? { required: [], preferred: [] };
}

function readRequest(entry: Entry, report: Report): TopologyRequest {
  const body = bodyOf(entry, report);
  if (body === undefined) return { required: [], preferred: [] };
  const known = knownEntries(body, entry.key.value, GROUPS, report);
  const [required, preferred] = GROUPS.map((group) =>
    readGroup(
      known.filter(({ key }) => key.value === group),
      report,
    ),
  );
  if (body.complete && required?.length === 0 && preferred?.length === 0)
    report(warningAt(entry.key.range, `"${entry.key.value}" asks for nothing`, EXAMPLE));
  return { required: required ?? [], preferred: preferred ?? [] };
}

/** The first group that names a topology; those behind it do not count. */
function readGroup(entries: readonly Entry[], report: Report): readonly Segments[] {
  let chosen: readonly Segments[] = [];
  for (const { key, labels, value } of entries)
    for (const group of elementsOf(labels, value, key, report)) {
      const topologies = inner(group, 'topology', report, (topology) =>
        inner(topology, 'segments', report, (segments) => [readSegments(segments, report)]),
      ).filter((segments) => Object.keys(segments).length > 0);
      if (chosen.length === 0) chosen = topologies;
      else if (topologies.length > 0)
        report(
          warningAt(
            key.range,
            `"${key.value}" is written above already`,
            'Only the first one counts; for several topologies write them into one block.',
          ),
        );
    }
  return chosen;
}

/** What stands under a key: a block is one element, a list of blocks several, and a label is a key. */
function elementsOf(
  labels: readonly Key[],
  value: Value,
  key: { readonly value: string; readonly range: Range },
  report: Report,
): Element[] {
  if (labels.length > 0) return [[{ keys: labels, value }]];
  const values = value.kind === 'list' ? value.items : [value];
  return values.flatMap((element) => {
    if (element.kind === 'object')
      return [
        entriesOf(element.body).map((entry) => ({
          keys: [entry.key, ...entry.labels],
          value: entry.value,
        })),
      ];
    if (element.kind !== 'invalid')
      report(
        errorAt(
          key.range,
          `"${key.value}" must be a block, not ${describe(element)}`,
          `Labels of nodes stand in segments. ${EXAMPLE}`,
        ),
      );
    return [];
  });
}

/** What `read` makes of the elements under one key; what stands under others is read too, and left out. */
function inner(
  element: Element,
  name: string,
  report: Report,
  read: (element: Element) => Segments[],
): Segments[] {
  return element.flatMap(({ keys, value }) => {
    const [key, ...labels] = keys;
    if (key === undefined) return [];
    const found = elementsOf(labels, value, key, report).flatMap(read);
    if (key.value === name) return found;
    report(
      warningAt(
        key.range,
        `"${key.value}" is left out`,
        `Only ${name} counts here, in lower case. ${EXAMPLE}`,
      ),
    );
    return [];
  });
}

function readSegments(element: Element, report: Report): Segments {
  const segments = new Map<string, string>();
  for (const { keys, value } of element) {
    const [key, ...labels] = keys;
    if (key === undefined || value.kind === 'invalid') continue;
    const text = labels.length === 0 ? writtenText(value) : undefined;
    if (text !== undefined) segments.set(key.value, text);
    else
      report(
        errorAt(
          value.range,
          `Segment "${key.value}" must be text, not ${describe(value)}`,
          EXAMPLE,
        ),
      );
  }
  return Object.fromEntries(segments);
}
