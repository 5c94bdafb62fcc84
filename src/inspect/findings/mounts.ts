import { commandLine } from '../command-line.js';
import { type Finding, type FindingKind, type Rule, stopCommand } from '../finding.js';
import { claimsOn, isUnclaimed, nodeWords } from '../joins.js';
import type { Known, NodeView } from '../known.js';
import { takeDownCommand } from './watchers.js';

/** A finding of a node, which is mended by staging the volume anew there. */
function mendedByStaging(
  known: Known,
  node: NodeView,
  kind: FindingKind,
  problem: string,
): Finding {
  const [claim] = known.nomad ? claimsOn(known.nomad, node.nodeId) : [];
  const allocation = claim?.allocation;
  return {
    ...{ kind, part: 'mounts', severity: 'error', problem },
    remedy: allocation
      ? "Stopping the allocation has the volume taken down, and the job's next one stages it anew."
      : 'Stop what uses it; this takes it down, and the next mount attaches it anew.',
    command: allocation ? stopCommand(allocation) : takeDownCommand(node),
  };
}

/** Whether a node could not read one part: then what is not there of it is not missing. */
const lacks = ({ gaps }: NodeView, lost: 'mapping' | 'stagings') =>
  gaps.some(({ part }) => part === lost);

const isReaderOnly = (mode: string) => mode.endsWith('_READER_ONLY');

/** File systems that the kernel made read-only after an error. */
export const readOnlyMounts: Rule = (known) =>
  known.nodes.flatMap((node) =>
    node.stagings
      .filter(({ mode, mount }) => mount?.readonly === true && !isReaderOnly(mode))
      .map(({ path }) =>
        mendedByStaging(
          known,
          node,
          'mount-read-only',
          `${path} on node ${nodeWords(known, node.nodeId)} is mounted read-only although it may be written: the kernel does so after an I/O error`,
        ),
      ),
  );

/** Devices that nothing serves any more, and devices of an image that is gone. */
export const deadDevices: Rule = (known) =>
  known.nodes.flatMap((node) => {
    const { mapping, stagings, nodeId } = node;
    if (mapping === undefined) return [];
    const devices = mapping.devices.map(({ path }) => path).join(', ') || 'the mapping';
    if (!mapping.alive)
      return [
        mendedByStaging(
          known,
          node,
          'device-gone',
          `what serves ${devices} on node ${nodeWords(known, nodeId)} has ended: every write fails`,
        ),
      ];
    const { ceph } = known;
    if (ceph === undefined) return [];
    const id = ceph?.image?.id;
    const gone = stagings.find(({ imageId }) => imageId !== id);
    if (gone === undefined) return [];
    const words = id === undefined ? 'is gone' : `was replaced by another one (${id})`;
    return [
      mendedByStaging(
        known,
        node,
        'image-gone',
        `${devices} on node ${nodeWords(known, nodeId)} is of an image (${gone.imageId}) that ${words}`,
      ),
    ];
  });

/** Stagings that were begun and not finished, and targets that show nothing. */
export const halfDone: Rule = (known) =>
  known.nodes.flatMap((node) =>
    node.stagings.flatMap(({ path, state, access, mount, targets }): Finding[] => {
      // What died is told of on its own.
      if (node.mapping?.alive === false || lacks(node, 'mapping')) return [];
      const half = (kind: FindingKind, problem: string): Finding => ({
        ...mendedByStaging(known, node, kind, problem),
        severity: 'warning',
      });
      if (state === 'staging')
        return [
          half(
            'unfinished-staging',
            `staging at ${path} on node ${nodeWords(known, node.nodeId)} is not finished: it is under way, or was cut short`,
          ),
        ];
      const lost = [
        ...(access === 'mount' && mount === undefined ? [path] : []),
        ...targets.filter((target) => target.mount === undefined).map((target) => target.path),
      ];
      return lost.map((where) =>
        half(
          'mount-missing',
          `the volume should be at ${where} on node ${nodeWords(known, node.nodeId)}, and is not`,
        ),
      );
    }),
  );

/** Mounts that nobody remembers. */
export const unknownMounts: Rule = (known) =>
  known.nodes
    .filter((node) => !lacks(node, 'stagings'))
    .flatMap(({ nodeId, unknownPaths }) =>
      unknownPaths
        .filter((path) => !isInSandbox(path, known.mesos))
        .map((path) => ({
          kind: 'unknown-mount',
          part: 'mounts',
          severity: 'warning',
          problem: `the volume is mounted at ${path} on node ${nodeWords(known, nodeId)}, of which the plugin knows nothing`,
          remedy: 'Where nothing uses it there, unmount it on that node.',
          command: commandLine('umount', path),
        })),
    );

/** An agent of Mesos's mounts a volume in the sandbox of each executor too; where it was not asked, that is not known. */
function isInSandbox(path: string, mesos: Known['mesos']): boolean {
  const [, framework] = /\/frameworks\/([^/]+)\/executors\/[^/]+\/runs\//.exec(path) ?? [];
  if (framework === undefined) return false;
  return mesos === undefined || (mesos?.uses ?? []).some((use) => use.frameworkId === framework);
}

/** What a node has of a volume although Nomad has no claim there. */
export const stagedWithoutClaim: Rule = (known) => {
  const { nomad, nodes } = known;
  if (!nomad) return [];
  return nodes
    .filter(({ stagings, nodeId }) => stagings.length > 0 && isUnclaimed(nomad, nodeId))
    .map((node) => ({
      kind: 'staged-without-claim',
      part: 'mounts',
      severity: 'error',
      problem: `node ${nodeWords(known, node.nodeId)} has the volume staged, and Nomad has no claim there`,
      remedy: 'Where nothing uses it there any more, this takes it down.',
      command: takeDownCommand(node),
    }));
};
