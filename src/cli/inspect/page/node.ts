import { nodeOf, viewOf } from '../../../inspect/joins.js';
import type { NodeView } from '../../../inspect/known.js';
import type { InspectedMount } from '../../../volume/inspect/on-node.js';
import { formatBytes } from '../../../volume/size.js';
import { type Cell, keyValues, table } from '../../columns.js';
import type { Gathered } from '../gather.js';
import { gapLines, nodeName, type Section, short } from './section.js';

/** What each node that was reached has of the volume. */
export function nodeSections(gathered: Gathered): Section[] {
  const { nodes, sources } = gathered;
  const silent = sources.filter(({ kind, problem }) => kind === 'node' && problem !== null);
  const sections = nodes.map((node) => ({
    title: `Mounts on ${nodeName(gathered, node.nodeId)}`,
    body: nodeText(node),
    part: 'mounts' as const,
  }));
  const unknown = silent.map(({ address, problem }) => ({
    title: `Mounts at ${address}`,
    body: `not known: ${problem}`,
  }));
  const unasked = claimedElsewhere(gathered).map((name) => ({
    title: `Mounts on ${name}`,
    body: 'not known: nobody asked it: run this there, or name its plugin with -node-endpoint',
  }));
  const none = {
    title: 'Mounts',
    body: 'not known: no node is known: name each with -node-endpoint',
  };
  const all = [...sections, ...unasked, ...unknown];
  return all.length === 0 ? [none] : all;
}

/** Clients of Nomad's that have a claim, and whose plugin did not tell. */
function claimedElsewhere(gathered: Gathered): string[] {
  const { nomad } = gathered;
  const names = (nomad?.claims ?? []).flatMap((claim) => {
    const node = nomad && nodeOf(nomad, claim);
    return node && viewOf(gathered, node) === undefined ? [`${node.name} (${short(node.id)})`] : [];
  });
  return [...new Set(names)];
}

function nodeText(node: NodeView): string {
  const { mapping, stagings, unknownPaths, gaps } = node;
  if (mapping === undefined && stagings.length === 0)
    return ['nothing is mapped or mounted there', ...gapLines(gaps)].join('\n');
  return [
    keyValues(lines(node)),
    ...(stagings.length + unknownPaths.length === 0 ? [] : [pathTable(node)]),
    ...gapLines(gaps),
  ].join('\n');
}

function lines({
  nodeId,
  hostname,
  endpoint,
  mapping,
  fileSystem,
  holders,
}: NodeView): Array<[string, Cell]> {
  const devices = (mapping?.devices ?? []).map(({ path, readonly, sizeBytes }) =>
    [
      path,
      sizeBytes === undefined ? 'size not known' : formatBytes(sizeBytes),
      ...(readonly ? ['read-only'] : []),
    ].join(' '),
  );
  return [
    ['Node ID', nodeId],
    ['Host', hostname],
    ['Endpoint', endpoint],
    ['Mapped By', mapping && `${mapping.mapper}${mapping.alive ? '' : ', which has died'}`],
    ['Device', devices.join(', ')],
    ...(fileSystem === undefined ? [] : fileSystemLines(fileSystem)),
    ['Used By', holders.join(', ')],
  ];
}

function fileSystemLines(one: NonNullable<NodeView['fileSystem']>): Array<[string, Cell]> {
  const percent = one.totalBytes === 0n ? 0n : (one.usedBytes * 100n) / one.totalBytes;
  return [
    ['File System', one.smaller ? `${one.type}, smaller than its device` : one.type],
    ['Usage', `${formatBytes(one.usedBytes)} of ${formatBytes(one.totalBytes)} (${percent} %)`],
    ['Inodes', one.inodes === 0n ? undefined : `${one.usedInodes} of ${one.inodes}`],
  ];
}

function pathTable({ stagings, unknownPaths }: NodeView): string {
  const shown = (mount: InspectedMount | undefined) =>
    mount === undefined
      ? 'nothing is mounted'
      : `${mount.device} ${mount.fsType}${mount.readonly ? ' read-only' : ''}`;
  const rows = stagings.flatMap(({ path, state, mode, access, mount, targets }) => [
    [
      path,
      state,
      mode,
      access === 'block' && mount === undefined ? 'the device itself' : shown(mount),
    ],
    ...targets.map((target) => [
      target.path,
      'published',
      target.readonly ? `${mode} read-only` : mode,
      shown(target.mount),
    ]),
  ]);
  const unknown = unknownPaths.map((path) => [path, 'not known to the plugin', '', '']);
  return table(['Path', 'State', 'Access Mode', 'Mounted'], [...rows, ...unknown]);
}
