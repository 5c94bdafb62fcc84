import { parseClaim } from '../create/claim.js';
import { parseRestoring } from '../delete/restoring.js';
import { parseRecord } from '../record.js';
import { entryWords, type Subject, type Trouble, type Ward } from './trouble.js';
import { unfinishedCreation } from './unfinished-creation.js';
import { unfinishedUndeletion } from './unfinished-undeletion.js';
import { lookAtVolume } from './volume-entry.js';

/** Entries of the index of volumes: volumes, creations and undeletions under way. */
export function entriesOf(ward: Ward): Subject[] {
  return [...ward.survey.names]
    .filter(([, text]) => text !== '')
    .map(([key, text]) => ({ id: `entry "${key}"`, look: () => look(ward, key, text) }));
}

async function look(ward: Ward, key: string, text: string): Promise<readonly Trouble[]> {
  const record = parseRecord(text);
  if (record !== undefined) return lookAtVolume(ward, key, text, record);
  const claim = parseClaim(text);
  if (claim !== undefined) return unfinishedCreation(ward, key, text, claim);
  const restoring = parseRestoring(text);
  if (restoring !== undefined) return [unfinishedUndeletion(ward, key, text, restoring.record)];
  return [
    {
      kind: 'unreadable-entry',
      subject: entryWords(ward, 'names', key),
      problem: `this version cannot read it, and leaves it to the one that wrote it: ${text.slice(0, 80)}`,
      seen: text,
    },
  ];
}
