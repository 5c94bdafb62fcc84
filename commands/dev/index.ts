import { PannierCommand } from '../../src/cli/command.js';
import { describeDev, folderFlags, nextCommands, thisProgram } from '../../src/cli/dev.js';
import { EXIT, UsageError } from '../../src/cli/errors.js';
import { option, outputFlags, toggle } from '../../src/cli/flags.js';
import { CLUSTER_OPTIONS, OPTIONS, type Option } from '../../src/config/options.js';
import type { DevEnvironment, DevStatus } from '../../src/dev/environment.js';
import { Interrupts } from '../../src/dev/interrupts.js';

const CHECK_MS = 2_000;

export default class Dev extends PannierCommand {
  static override summary = 'Run a Ceph and the plugin on this machine';
  static override description = [
    'Starts a real one-node Ceph (a monitor, a manager and a BlueStore OSD on a sparse file) in a folder of its own, and the plugin on top of it as controller and node. It runs in the foreground until it is interrupted, and stops all of it then. The data stays for the next start; "pannier dev reset" removes it.',
    'The first interrupt is refused while volumes are attached on this machine, since whoever uses them would hang without Ceph; a second one stops all the same.',
    'It needs root, and the Debian packages ceph-mon, ceph-mgr, ceph-osd, ceph-common and rbd-fuse.',
  ].join('\n\n');
  static override examples = [
    'pannier dev',
    'pannier dev -detach -json',
    'pannier dev -folder=/srv/second -port=24000 -osd-size=50GiB',
  ];
  static override flags = {
    ...outputFlags,
    ...folderFlags,
    port: option({
      value: 'number',
      description:
        'The port of the monitor; the next 31 are used too. Without it the first free ones from 23300 on are taken, and kept.',
    }),
    pool: option({ value: 'name', description: 'The pool that volumes go to.', default: 'rbd' }),
    'osd-size': option({
      value: 'size',
      description: 'The size of the OSD, such as 50GiB: 10 GiB unless given. The file is sparse.',
    }),
    'log-level': option({
      value: OPTIONS.logLevel.value,
      description:
        'Print the log of the plugin from this level on: debug, info, warn or error. Without it the log only goes to its file.',
    }),
    detach: toggle({
      description:
        'Return when everything runs, and leave it running. Where it runs already, what has ended is started again.',
    }),
  };
  protected override readonly doing = 'running the development cluster';

  async run(): Promise<void> {
    const { flags } = await this.input(Dev);
    checkSetting('-pool', CLUSTER_OPTIONS.pool, flags.pool);
    if (/^[.-]/.test(flags.pool))
      throw new UsageError(
        `-pool: "${flags.pool}": Ceph keeps such names for itself, or reads a flag`,
      );
    checkSetting('-log-level', OPTIONS.logLevel, flags['log-level']);
    const { DevEnvironment } = await import('../../src/dev/environment.js');
    const environment = new DevEnvironment({
      folder: flags.folder,
      port: flags.port === undefined ? undefined : readPort(flags.port),
      pool: flags.pool,
      osdBytes: flags['osd-size'] === undefined ? undefined : await readSize(flags['osd-size']),
      logLevel: flags['log-level'],
      program: thisProgram(),
    });
    const lock = await environment.lock();
    if (flags.detach) {
      const status = await this.#start(environment, new AbortController().signal, false);
      await environment.detach();
      await this.#tell(status);
    } else await this.#foreground(environment, flags['log-level'] !== undefined);
    lock.release();
  }

  async #foreground(environment: DevEnvironment, withLog: boolean): Promise<void> {
    if (environment.isDetached && (await environment.status()).state === 'running') {
      const { DevError } = await import('../../src/dev/errors.js');
      throw new DevError(
        `it runs already in ${environment.layout.folder}, detached`,
        'Look at it with `pannier dev status`, stop it with `pannier dev stop`.',
      );
    }
    const interrupts = new Interrupts();
    const status = await this.#start(environment, interrupts.signal, true);
    await this.#tell(status);
    const { follow } = await import('../../src/dev/follow.js');
    const done = new AbortController();
    const following = withLog
      ? follow(status.log, (chunk) => process.stderr.write(chunk), done.signal)
      : Promise.resolve();
    try {
      await this.#watch(environment, interrupts);
    } finally {
      await environment.stop((step) => this.monitor(step));
      done.abort();
      await following;
    }
  }

  /** Starts everything, or leaves nothing running. */
  async #start(
    environment: DevEnvironment,
    signal: AbortSignal,
    foreground: boolean,
  ): Promise<DevStatus> {
    const before = (await environment.status()).state;
    try {
      return await environment.start((step) => this.monitor(step), signal);
    } catch (error) {
      if (foreground || before !== 'running') await environment.stop((step) => this.monitor(step));
      if (!signal.aborted) throw error;
      this.monitor('Interrupted');
      return this.exit(EXIT.interrupted);
    }
  }

  /** Returns when it is to be stopped. */
  async #watch(environment: DevEnvironment, interrupts: Interrupts): Promise<void> {
    let refused = false;
    for (;;) {
      const interrupt = await interrupts.next(CHECK_MS);
      if (interrupt === undefined) {
        await environment.checkRunning();
        continue;
      }
      const problem = interrupt === 'asked' && !refused ? await environment.inUse() : undefined;
      if (problem === undefined) return;
      this.warn(`${problem}\nUnmount them first, or interrupt again to stop all the same.`);
      refused = true;
    }
  }

  async #tell(status: DevStatus): Promise<void> {
    this.monitor('Ceph and the plugin are running');
    await this.data(status, () => describeDev(status));
    this.text(
      `\nNext:\n${nextCommands(status)
        .map((line) => `    ${line}`)
        .join('\n')}\n`,
    );
  }
}

/** What the plugin would refuse when the cluster is there already. */
function checkSetting(flag: string, { problem }: Option, value: string | undefined): void {
  const wrong = value === undefined ? undefined : problem(value);
  if (wrong !== undefined) throw new UsageError(`${flag}: invalid value "${value}": ${wrong}`);
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1024 && port <= 65_504) return port;
  throw new UsageError(`-port: "${text}" is not a number from 1024 to 65504`);
}

async function readSize(text: string): Promise<bigint> {
  const { parseCapacity } = await import('../../src/spec/capacity.js');
  try {
    return parseCapacity(text);
  } catch (error) {
    throw new UsageError(`-osd-size: ${error instanceof Error ? error.message : error}`);
  }
}
