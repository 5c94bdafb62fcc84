import { guess } from '../../volume/guess.js';
import { parseBytes, UNIT_NAMES } from '../bytes.js';
import { MAX_CAPACITY } from '../capacity.js';
import { errorAt, type Range, warningAt } from '../diagnostic.js';
import { describe, type Value } from '../hcl/ast.js';
import { type Context, firstCounts, named, type Report, unlabelled } from './root.js';

export interface Capacity {
  /** Bytes; 0 where none is asked for. */
  readonly bytes: bigint;
  readonly range?: Range;
}

/** `capacity_min`, `capacity_max`: the first one counts, in the words of go-humanize. */
export function readCapacity(context: Context, name: string): Capacity {
  const { report } = context;
  const entries = unlabelled(context, named(context, name), `Write: ${name} = "10GiB".`);
  const [first] = entries;
  if (first === undefined) return { bytes: 0n };
  firstCounts(report, entries);
  const { value } = first;
  if (value.kind === 'invalid') return { bytes: 0n };
  if (value.kind === 'list' || value.kind === 'object') {
    report(
      warningAt(
        value.range,
        `"${name}" is ${describe(value)}, and counts as not written`,
        `Write: ${name} = "10GiB".`,
      ),
    );
    return { bytes: 0n };
  }
  return { bytes: readSize(name, value, report), range: value.range };
}

function readSize(name: string, value: Extract<Value, { raw: string }>, report: Report): bigint {
  // Nomad reads the text as written, without its quotes; escapes in it stay.
  const written = value.raw.replace(/^"+|"+$/g, '');
  if (written === '') return 0n;
  const result = parseBytes(written);
  if ('problem' in result) {
    const unit = /^[a-z]+$/.test(result.unit ?? '')
      ? guess(result.unit ?? '', UNIT_NAMES)
      : undefined;
    report(
      errorAt(
        value.range,
        `Invalid ${name}`,
        `${explain(written)}Sizes are written "10GiB", "1,024MB", "1.5 TB" or in bytes, with K to E, Ki to Ei, with or without B. (Nomad: could not parse value as bytes: ${result.problem})`,
        unit,
      ),
    );
    return 0n;
  }
  const { bytes } = result;
  if (bytes > MAX_CAPACITY) {
    report(
      errorAt(
        value.range,
        `${name} is too large`,
        `${bytes} bytes are over the largest size, ${MAX_CAPACITY}: Nomad would send ${BigInt.asIntN(64, bytes)}.`,
      ),
    );
    return 0n;
  }
  if (bytes === 0n)
    report(
      warningAt(
        value.range,
        `${name} is 0 bytes, and counts as not written`,
        'Without a size a volume gets what the plugin gives by default.',
      ),
    );
  else if (/^\d+$/.test(written) && BigInt(written) !== bytes)
    report(
      warningAt(
        value.range,
        `${name} becomes ${bytes} bytes`,
        'Nomad reads sizes as floating point numbers, which have 53 bits.',
      ),
    );
  return bytes;
}

function explain(written: string): string {
  if (written.startsWith('-')) return 'A size cannot be negative. ';
  return /^\s/.test(written) ? 'There is a space before the number. ' : '';
}

/** Tells where no size can meet both. */
export function compareCapacities(min: Capacity, max: Capacity, report: Report): void {
  if (max.bytes > 0n && max.bytes < min.bytes)
    report(
      errorAt(
        max.range,
        'capacity_max is below capacity_min',
        `${max.bytes} bytes at most and ${min.bytes} at least: no size is both.`,
      ),
    );
}
