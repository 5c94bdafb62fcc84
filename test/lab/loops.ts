import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../src/dev/run.js';
import { labFolder } from './folder.js';

/** Sees that the kernel has so many loop devices: a container may use those alone that are there when it starts. */
export async function ensureLoops(count: number): Promise<void> {
  const file = join(labFolder(), 'empty');
  writeFileSync(file, Buffer.alloc(4096));
  for (let index = 0; index < count; index++) {
    const device = `/dev/loop${index}`;
    if (existsSync(device)) continue;
    // A device that is asked for by its name is made, and stays.
    await run('losetup', [device, file]);
    await run('losetup', ['--detach', device]);
  }
  rmSync(file);
}
