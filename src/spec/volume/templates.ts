import { warningAt } from '../diagnostic.js';
import type { Value } from '../hcl/ast.js';
import { type Entry, entriesOf, type Report } from './root.js';

/** Tells of strings that look as if something were put into them: Nomad sends them as they are. */
export function tellTemplates(entries: readonly Entry[], report: Report): void {
  for (const { value } of entries) look(value, report);
}

function look(value: Value, report: Report): void {
  if (value.kind === 'object') tellTemplates(entriesOf(value.body), report);
  else if (value.kind === 'list') for (const item of value.items) look(item, report);
  else if (value.kind === 'string' && /\$\{.*\}/s.test(value.value))
    report(
      warningAt(
        value.range,
        'Nothing is put in for a dollar sign and braces',
        'Nomad sends the text as it stands here. In HCL 2 it would be computed: write the value without quotes, or declare a variable.',
      ),
    );
}
