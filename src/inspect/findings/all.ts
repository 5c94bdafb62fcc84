import type { Finding, Rule } from '../finding.js';
import type { Known } from '../known.js';
import { claimsOnLostNodes, staleClaims } from './claims.js';
import { deadLocks, objectMap } from './image.js';
import { disksOfSeveral, diskWithoutImage } from './mesos.js';
import {
  deadDevices,
  halfDone,
  readOnlyMounts,
  stagedWithoutClaim,
  unknownMounts,
} from './mounts.js';
import { nothingInCeph, registeredTwice, unhealthyPlugin } from './nomad.js';
import { claimWithoutPublication, publishedWithoutClaim } from './publications.js';
import { deletions, recordsThatDiffer } from './records.js';
import { lateGrowth, sizeInNomad } from './sizes.js';
import { strangers, watchersOnLostNodes, watchersWithoutClaim } from './watchers.js';

const RULES: readonly Rule[] = [
  nothingInCeph,
  registeredTwice,
  unhealthyPlugin,
  diskWithoutImage,
  disksOfSeveral,
  staleClaims,
  claimsOnLostNodes,
  publishedWithoutClaim,
  claimWithoutPublication,
  recordsThatDiffer,
  deletions,
  strangers,
  watchersOnLostNodes,
  watchersWithoutClaim,
  stagedWithoutClaim,
  deadDevices,
  readOnlyMounts,
  halfDone,
  unknownMounts,
  sizeInNomad,
  lateGrowth,
  objectMap,
  deadLocks,
];

/** All that does not fit together, what is at stake first. */
export function findInconsistencies(known: Known): readonly Finding[] {
  const found = RULES.flatMap((rule) => rule(known));
  return [
    ...found.filter(({ severity }) => severity === 'error'),
    ...found.filter(({ severity }) => severity === 'warning'),
  ];
}
