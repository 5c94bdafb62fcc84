import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Files with the boot that they were written in: of the agent itself, and of each volume. */
const CHECKPOINTS = ['boot_id', 'volume.state'];
const EARLIER = '00000000-0000-4000-8000-000000000000';

/** Makes what an agent that does not run has written down look as written before the machine booted. */
export function ageCheckpoints(workDir: string): void {
  const now = Buffer.from(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  for (const folder of [join(workDir, 'meta'), join(workDir, 'csi')])
    for (const path of filesBelow(folder).filter((path) => CHECKPOINTS.includes(basename(path)))) {
      const bytes = readFileSync(path);
      // Both are of the same length, so that a protobuf message stays one.
      for (let at = bytes.indexOf(now); at >= 0; at = bytes.indexOf(now)) bytes.write(EARLIER, at);
      writeFileSync(path, bytes);
    }
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
