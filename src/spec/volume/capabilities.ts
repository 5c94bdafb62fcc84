import { guess } from '../../volume/guess.js';
import { errorAt, warningAt } from '../diagnostic.js';
import { bodyOf, knownEntries } from './inner.js';
import { byKey } from './maps.js';
import { type Context, type Entry, named, unlabelled } from './root.js';
import { textOfEntries } from './scalars.js';

export const ACCESS_MODES = [
  'single-node-writer',
  'single-node-reader-only',
  'multi-node-reader-only',
  'multi-node-single-writer',
  'multi-node-multi-writer',
  'single-node-single-writer',
  'single-node-multi-writer',
] as const;
export type AccessModeWord = (typeof ACCESS_MODES)[number];

/** CSI has these modes, and Nomad has the words for host volumes only. */
const NOT_IN_NOMAD: readonly string[] = ['single-node-single-writer', 'single-node-multi-writer'];

const SHARED_WRITERS: readonly string[] = ['multi-node-single-writer', 'multi-node-multi-writer'];

export const ATTACHMENT_MODES = ['file-system', 'block-device'] as const;
export type AttachmentModeWord = (typeof ATTACHMENT_MODES)[number];

export interface SpecCapability {
  readonly accessMode: AccessModeWord;
  readonly attachmentMode: AttachmentModeWord;
}

const KEYS = ['access_mode', 'attachment_mode'] as const;
const EXAMPLE =
  'Write: capability { access_mode = "single-node-writer" attachment_mode = "file-system" }.';

/** Every `capability` block, in order. No capability at all is an error. */
export function readCapabilities(context: Context): SpecCapability[] {
  const found = named(context, 'capability');
  const entries = unlabelled(context, found, 'Remove it.');
  if (entries.length === 0 && context.complete) missing(context);
  return entries.flatMap((entry) => readCapability(context, entry) ?? []);
}

function missing(context: Context): void {
  const loose = context.entries.find(({ key }) => loosely(key.value));
  context.report(
    errorAt(
      loose?.key.range ?? context.place,
      'There is no capability block',
      `A volume needs at least one${loose === undefined ? '' : `; ${loose.key.value} stands in it, not at the top`}. ${EXAMPLE}`,
    ),
  );
}

/** A key of a capability, as it may be written at the top. */
export function loosely(key: string): boolean {
  return (KEYS as readonly string[]).includes(
    key.replace(/[A-Z]/g, (letter, at: number) => `${at > 0 ? '_' : ''}${letter.toLowerCase()}`),
  );
}

function readCapability(context: Context, entry: Entry): SpecCapability | undefined {
  const { report } = context;
  const body = bodyOf(entry, report);
  if (body === undefined) return undefined;
  const byName = byKey(knownEntries(body, entry.key.value, KEYS, report));
  const read = <Word extends string>(name: string, words: readonly Word[]): Word | undefined => {
    const entries = byName.get(name) ?? [];
    const last = entries[entries.length - 1];
    if (last === undefined) {
      if (body.complete)
        report(errorAt(entry.key.range, `"${name}" is missing in this capability`, known(words)));
      return undefined;
    }
    const text = textOfEntries(entries, report);
    if (text === undefined) return undefined;
    const word = words.find((candidate) => candidate === text);
    if (word === undefined)
      report(
        errorAt(last.value.range, `Unknown ${name} "${text}"`, known(words), guess(text, words)),
      );
    else if (NOT_IN_NOMAD.includes(word))
      report(
        warningAt(
          last.value.range,
          `Nomad knows ${word} for host volumes only`,
          'The plugin takes it; a volume that Nomad shall use needs single-node-writer.',
        ),
      );
    return word;
  };
  const accessMode = read('access_mode', ACCESS_MODES);
  const attachmentMode = read('attachment_mode', ATTACHMENT_MODES);
  if (attachmentMode === 'file-system' && SHARED_WRITERS.includes(accessMode ?? ''))
    report(
      warningAt(
        entry.key.range,
        `A file system cannot be used as ${accessMode}`,
        'ext4, xfs and btrfs have one node that writes, so Pannier refuses this; another plugin may take it. Write attachment_mode = "block-device", or access_mode = "single-node-writer".',
      ),
    );
  return accessMode === undefined || attachmentMode === undefined
    ? undefined
    : { accessMode, attachmentMode };
}

function known(words: readonly string[]): string {
  const named = words.filter((word) => !NOT_IN_NOMAD.includes(word));
  return `Known are ${named.join(', ')}.`;
}
