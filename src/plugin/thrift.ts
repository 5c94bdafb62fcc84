import { setFlagsFromString } from 'node:v8';

/**
 * Settings of V8 for a process that mostly waits for Ceph, on machines where others need the memory. They took
 * an idle plugin from 107 MB to 96, and a controller that made and listed 1,000 volumes from 171 to 110. What
 * it costs is some JavaScript that runs slower, of which a call has a millisecond.
 */
const FLAGS = [
  // Short-lived objects are collected in a small space, where it would grow to 32 MB under load and stay.
  '--semi-space-growth-factor=1',
  // The heap grows in small steps, and garbage is collected earlier.
  '--optimize-for-size',
  // The optimizing compilers are 8 MB of code that would be paged in, and hold on to what they compile.
  '--no-opt',
  '--no-maglev',
];

/** Makes this process use less memory; the sooner, the more. */
export function saveMemory(): void {
  for (const flag of FLAGS) setFlagsFromString(flag);
}
