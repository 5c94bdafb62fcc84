import t from 'tap';
import { clean, newFolder } from './leftovers.js';

export { loopsBelow, mountsBelow } from '../../src/dev/attachments.js';
export { clean } from './leftovers.js';

/** A new folder, which is cleaned (`clean`) when the test file ends. */
export function labFolder(): string {
  const folder = newFolder();
  t.teardown(() => clean(folder));
  return folder;
}
