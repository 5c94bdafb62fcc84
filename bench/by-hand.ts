import { join } from 'node:path';
import { packageRoot } from '../src/cli/package.js';
import type { ClusterSettings } from '../src/config/settings.js';
import { run } from '../src/dev/run.js';

export type Verb = 'stage-new' | 'stage' | 'unstage' | 'publish' | 'unpublish';

/** The jobs of a node, done by a shell script. */
export class ByHand {
  readonly #script = join(packageRoot(), 'bench', 'by-hand.sh');

  constructor(
    private readonly cluster: ClusterSettings,
    /** Where the script mounts things. */
    private readonly folder: string,
    private readonly signal: AbortSignal,
  ) {}

  async run(verb: Verb, image: string): Promise<void> {
    const { conf = '', user, pool } = this.cluster;
    const args = [this.#script, verb, conf, user, pool, image, join(this.folder, image)];
    // rbd-fuse goes on in the background and would hold a pipe open.
    await run('sh', args, { signal: this.signal, outputFile: '/dev/null' });
  }
}
