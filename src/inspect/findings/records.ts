import { formatHandle } from '../../volume/handle.js';
import type { InspectedRecord } from '../../volume/inspect/inspected.js';
import { type Finding, type FindingKind, nomadVolumeCommand, type Rule } from '../finding.js';
import { controllerCommand } from '../joins.js';
import type { Known } from '../known.js';

type Wrong = Exclude<InspectedRecord['state'], 'whole'>;

const KINDS: Readonly<Record<Wrong, { readonly kind: FindingKind; readonly problem: string }>> = {
  'no-image': {
    kind: 'record-without-image',
    problem: 'the plugin has a volume of that name, and its image does not exist',
  },
  'no-mark': {
    kind: 'image-without-record',
    problem: 'the plugin knows the volume, and its image has lost the record of it',
  },
  'no-entry': {
    kind: 'image-without-entry',
    problem: 'the image is a volume of which the plugin has no entry: no listing shows it',
  },
  differs: {
    kind: 'record-differs',
    problem: 'the plugin has another image under the name of the volume',
  },
  pending: {
    kind: 'unfinished-creation',
    problem: 'the creation of the volume is not finished: it is under way, or was cut short',
  },
};

/** What the plugin wrote, and what is there. */
export const recordsThatDiffer: Rule = (known) => {
  const { ceph } = known;
  const state = ceph?.record?.state ?? 'whole';
  // A deletion leaves the same picture, and is told of on its own.
  if (!ceph?.record || state === 'whole' || ceph.image?.deleting || ceph.deleted.length > 0)
    return [];
  const ours = ceph.record.keeper === 'pannier';
  return [
    {
      ...KINDS[state],
      part: 'record',
      severity: state === 'pending' ? 'warning' : 'error',
      remedy: ours
        ? 'This looks at it, and says what it would do; with -fix it does so.'
        : 'Look at the image by hand: what ceph-csi keeps is not changed by Pannier.',
      command: ours ? controllerCommand(known, ['doctor']) : null,
    },
  ];
};

/** Deletions, finished or not. */
export const deletions: Rule = (known) => {
  const { ceph } = known;
  if (!ceph) return [];
  const id = formatHandle(ceph.handle);
  if (ceph.image?.deleting)
    return [
      {
        kind: 'unfinished-deletion',
        part: 'image',
        severity: 'error',
        problem: 'a deletion has marked the image and went no further: nobody can use it',
        remedy: 'This finishes the deletion.',
        command: controllerCommand(known, ['volume', 'delete'], id),
      },
    ];
  if (ceph.image !== undefined || ceph.deleted.length === 0) return [];
  return [deleted(known, id)];
};

function deleted(known: Known, id: string): Finding {
  const { ceph, nomad } = known;
  const kept = ceph?.deleted.find(({ freeing }) => !freeing);
  return {
    kind: 'deleted',
    part: 'image',
    severity: nomad ? 'error' : 'warning',
    problem: `the volume is deleted${nomad ? ', and Nomad still has it' : ''}; its data is ${kept ? 'there still' : 'being freed'}`,
    remedy: kept ? 'This takes it back.' : 'Nothing can bring it back.',
    command: kept
      ? controllerCommand(known, ['volume', 'undelete'], id)
      : nomad
        ? nomadVolumeCommand('deregister', nomad.volume)
        : null,
  };
}
