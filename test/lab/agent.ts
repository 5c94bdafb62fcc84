import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon } from './daemon.js';

/** A HashiCorp agent, whose folder holds its configuration too. */
export class Agent extends Daemon {
  constructor(
    name: string,
    folder: string,
    program: string,
    config: string,
    /** Of its HTTP API. */
    address: string,
    /** What it calls the flag for its configuration. */
    configFlag: '-config' | '-config-file' = '-config',
  ) {
    const file = join(folder, 'agent.hcl');
    super(name, folder, program, ['agent', `${configFlag}=${file}`], address);
    writeFileSync(file, config, { mode: 0o600 });
  }
}
