import type { Rule } from '../finding.js';
import { clientWords } from '../tasks.js';

/** What a version is needed for, the latest first. */
const NEEDED = [
  {
    version: '1.2.7',
    severity: 'error',
    reason: 'before it a client does not reach plugins that are written in Node.js',
  },
  {
    version: '1.6.3',
    severity: 'warning',
    reason: 'before it Nomad does not expand volumes',
  },
  {
    version: '1.8.0',
    severity: 'warning',
    reason:
      'before it volumes of the same ID in different namespaces are staged at the same path on a client',
  },
] as const;

/** Servers and clients that are too old. */
export const versions: Rule = ({ servers = [], nodes = [] }) => {
  const groups = [
    {
      what: 'server',
      found: servers.map(({ Name, Tags }) => ({ name: Name, version: Tags.build })),
    },
    { what: 'client', found: nodes.map(({ Name, Version }) => ({ name: Name, version: Version })) },
  ];
  return groups.flatMap(({ what, found }) =>
    NEEDED.flatMap(({ version: needed, severity, reason }) => {
      const old = found.filter(({ version }) => version !== undefined && isBefore(version, needed));
      if (old.length === 0) return [];
      const names = old.map(({ name }) => name);
      const oldest = old.map(({ version }) => version ?? '').sort(compare)[0];
      return [
        {
          kind: 'version-too-old',
          severity,
          subject:
            what === 'client'
              ? clientWords(names)
              : `server ${names.map((name) => `"${name}"`).join(', ')}`,
          problem: `Nomad ${oldest} runs there, and ${needed} or later is needed`,
          reason,
          remedy: 'Upgrade Nomad there.',
        },
      ];
    }),
  );
};

function isBefore(version: string, needed: string): boolean {
  return compare(version, needed) < 0;
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((text) =>
    text
      .replace(/[-+].*$/, '')
      .split('.')
      .map(Number),
  );
  for (const at of [0, 1, 2]) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
