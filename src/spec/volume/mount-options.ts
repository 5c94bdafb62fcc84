import { FILE_SYSTEMS } from '../../volume/capability.js';
import { guess } from '../../volume/guess.js';
import { errorAt, type Range, warningAt } from '../diagnostic.js';
import { describe } from '../hcl/ast.js';
import { bodyOf, knownEntries } from './inner.js';
import { byKey } from './maps.js';
import {
  type Context,
  type Entry,
  firstCounts,
  lastCounts,
  named,
  type Report,
  unlabelled,
} from './root.js';
import { writtenText } from './text.js';

export interface MountOptions {
  readonly fsType: string;
  /** Absent where they are not written at all, which Nomad tells from none. */
  readonly mountFlags?: readonly string[];
}

const KEYS = ['fs_type', 'mount_flags'];

/** The first `mount_options` block; undefined where there is none. */
export function readMountOptions(context: Context): MountOptions | undefined {
  const { report } = context;
  const entries = unlabelled(context, named(context, 'mount_options'), 'Remove it.');
  const [first] = entries;
  if (first === undefined) return undefined;
  firstCounts(report, entries);
  for (const later of entries.slice(1)) if (later.value.kind !== 'list') bodyOf(later, report);
  const body = bodyOf(first, report);
  if (body === undefined) return undefined;
  const byName = byKey(knownEntries(body, first.key.value, KEYS, report));
  const fsType = readFsType(byName.get('fs_type') ?? [], report);
  const flags = byName.get('mount_flags');
  return {
    fsType,
    ...(flags && { mountFlags: flags.flatMap((entry) => readFlags(entry, report)) }),
  };
}

/** The last one counts, and numbers and booleans stay as written. */
function readFsType(entries: readonly Entry[], report: Report): string {
  lastCounts(report, entries);
  let text = '';
  for (const { key, labels, value } of entries) {
    const written = labels.length === 0 ? writtenText(value) : undefined;
    if (written !== undefined) {
      text = written;
      tellUnknown(value.range, text, report);
    } else if (value.kind !== 'invalid')
      report(errorAt(value.range, `"${key.value}" must be text`, 'Write: fs_type = "ext4".'));
  }
  return text;
}

function tellUnknown(range: Range, type: string, report: Report): void {
  const known: readonly string[] = FILE_SYSTEMS;
  if (type === '' || known.includes(type)) return;
  report(
    warningAt(
      range,
      `Pannier makes no file system "${type}"`,
      `It knows ${known.join(', ')}; another plugin may know more.`,
      guess(type, known),
    ),
  );
}

/** A list; several are joined. */
function readFlags(entry: Entry, report: Report): string[] {
  const { labels, value } = entry;
  const nothing = value.kind === 'object' && value.body.items.length === 0 && labels.length === 0;
  if (nothing || value.kind === 'invalid') return [];
  const advice = 'Write: mount_flags = ["noatime"].';
  if (value.kind !== 'list') {
    report(errorAt(value.range, `"mount_flags" must be a list, not ${describe(value)}`, advice));
    return [];
  }
  return value.items.flatMap((item) => {
    const flag = writtenText(item);
    if (flag === undefined && item.kind !== 'invalid')
      report(errorAt(item.range, `A mount flag must be text, not ${describe(item)}`, advice));
    return flag ?? [];
  });
}
