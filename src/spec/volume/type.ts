import { guess } from '../../volume/guess.js';
import { errorAt } from '../diagnostic.js';
import { type Context, lastCounts, named } from './root.js';
import { writtenText } from './text.js';

/** The specification's type: only 'csi' is read on. Anything else is reported. */
export function readType(context: Context): 'csi' | 'other' {
  const { report } = context;
  const entries = named(context, 'type');
  const last = entries[entries.length - 1];
  if (last === undefined) {
    if (!context.complete) return 'csi';
    const typo = context.entries.find(({ key }) => guess(key.value, ['type']) !== undefined);
    report(
      typo === undefined
        ? errorAt(context.place, 'This is no volume specification', whatElse(context))
        : errorAt(typo.key.range, 'The type is missing', 'Write: type = "csi".', 'type'),
    );
    return 'other';
  }
  const broken = entries.find(
    ({ labels, value }) => labels.length > 0 || value.kind === 'object' || value.kind === 'list',
  );
  if (broken !== undefined) {
    report(errorAt(broken.value.range, '"type" must be text', 'Write: type = "csi".'));
    return 'other';
  }
  lastCounts(report, entries);
  const type = writtenText(last.value);
  if (type === undefined) return 'csi';
  if (type.toLowerCase() === 'csi') return 'csi';
  const { range } = last.value;
  if (type.toLowerCase() === 'host')
    report(
      errorAt(
        range,
        'Host volumes are no CSI volumes',
        'Nomad makes them itself: use `nomad volume create`. For a volume in Ceph write: type = "csi".',
      ),
    );
  else report(errorAt(range, `Unknown volume type "${type}"`, 'Write: type = "csi".'));
  return 'other';
}

/** What a file without a type probably is. */
function whatElse(context: Context): string {
  const keys = context.entries.map(({ key }) => key.value.toLowerCase());
  if (keys.includes('job')) return 'It looks like a job; a volume begins with: type = "csi".';
  if (keys.includes('volumes') || keys.includes('volume'))
    return 'The keys of a volume stand at the top, not in a block: Nomad\'s API takes another form. Begin with: type = "csi".';
  return 'The type is missing. Write: type = "csi".';
}
