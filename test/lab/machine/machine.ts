import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { packageRoot } from '../../../src/cli/package.js';
import { findProcesses, terminate } from '../../../src/dev/processes.js';
import { tail } from '../../../src/dev/run.js';
import { machineLibrary } from '../../tools/build.js';
import { labFolder } from '../folder.js';
import { newPort, type Port } from './network.js';
import { Program } from './program.js';

const KERNEL = '/usr/bin/linux.uml';
const MODULES = '/usr/lib/uml/modules';
const INIT = join(packageRoot(), 'test', 'lab', 'machine', 'init.sh');
const AGENT = fileURLToPath(new URL('agent.js', import.meta.url));
const START_LIMIT_MS = 120_000;
const RUN_LIMIT_MS = 120_000;
const POLL_MS = 100;
const TAIL_LINES = 60;

export interface MachineOptions {
  /** Modules of the kernel that it loads: "rbd" where none are given. */
  readonly modules?: readonly string[];
  readonly mebibytes?: number;
}

/**
 * A machine with a Linux kernel of its own (User-Mode Linux) and a place on the test's network. It sees this machine's
 * files, and writes into its folder and what is in memory alone: /run, /dev.
 */
export class Machine {
  readonly folder = labFolder();
  readonly #port: Port = newPort();
  readonly #options: MachineOptions;
  readonly #programs = new Set<Program>();
  #kernel: ChildProcess | undefined;

  constructor(
    readonly name: string,
    options: MachineOptions = {},
  ) {
    this.#options = options;
    // As modprobe finds them below a folder: in /lib/modules/VERSION.
    const modules = join(this.folder, 'lib', 'modules');
    mkdirSync(modules, { recursive: true });
    for (const version of readdirSync(MODULES))
      symlinkSync(join(MODULES, version), join(modules, version));
    const script = `#!/bin/sh\nexec /sbin/modprobe -d ${this.folder} "$@"\n`;
    writeFileSync(this.#modprobe, script, { mode: 0o755 });
  }

  /** A modprobe that finds this kernel's modules; its path has no spaces. */
  get #modprobe(): string {
    return join(this.folder, 'modprobe');
  }

  get address(): string {
    return this.#port.address;
  }

  get runs(): boolean {
    return this.#kernel?.exitCode === null && this.#kernel.signalCode === null;
  }

  /** What its kernel and its first process said, in all its lives. */
  get console(): string {
    return readFileSync(this.#console, 'utf8');
  }

  /** Of the kernel's arguments the one that no other machine has. */
  get #umlDir(): string {
    return `uml_dir=${this.folder}/uml`;
  }

  get #console(): string {
    return join(this.folder, 'console');
  }

  /** Turns it on, and waits until it runs programs. */
  async start(): Promise<void> {
    const { modules = ['rbd'], mebibytes = 768 } = this.#options;
    const { address, bits, tap } = this.#port;
    const library = await machineLibrary();
    const log = openSync(this.#console, 'a');
    this.#kernel = spawn(
      KERNEL,
      [
        ...[`mem=${mebibytes}M`, 'root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro'],
        ...[this.#umlDir, `umid=${this.name}`, `eth0=tuntap,${tap}`],
        ...['con=null', 'con0=null,fd:1', `init=${INIT}`],
        ...[`LAB_NAME=${this.name}`, `LAB_ADDRESS=${address}/${bits}`, `LAB_FOLDER=${this.folder}`],
        ...[`LAB_NODE=${process.execPath}`, `LAB_AGENT=${AGENT}`],
        ...[`LAB_MODPROBE=${this.#modprobe}`, `LAB_MODULES=${modules.join(',')}`],
      ],
      { stdio: ['ignore', log, log], env: { ...process.env, LD_PRELOAD: library } },
    );
    closeSync(log);
    for (const end = Date.now() + START_LIMIT_MS; ; await sleep(POLL_MS)) {
      try {
        await this.run('true');
        return;
      } catch (error) {
        if (this.runs && Date.now() < end) continue;
        throw new Error(`${this.name} did not start: ${this.console}`, { cause: error });
      }
    }
  }

  /** Takes its power away: what it had not written yet is lost, and nobody is told. */
  async kill(): Promise<void> {
    if (this.#kernel?.pid !== undefined) await terminate(this.#kernel.pid, 0, 'SIGKILL');
    // What its programs were to this machine outlives it, with its end of the cable in hand.
    const left = findProcesses((args) => args.includes(this.#umlDir));
    await Promise.all(left.map(({ pid }) => terminate(pid, 0, 'SIGKILL')));
    for (const program of this.#programs) program.leave();
    this.#programs.clear();
  }

  /** Starts a program, which is killed where the test ends first. */
  async spawn(
    argv: readonly string[],
    env: Readonly<Record<string, string | undefined>> = {},
    input: Buffer | string = '',
  ): Promise<Program> {
    const text = Buffer.from(input).toString('base64');
    const program = await Program.start(this.address, { argv, env, input: text });
    this.#programs.add(program);
    void program.ended.then(() => this.#programs.delete(program));
    return program;
  }

  /** Runs a program and returns what it printed. Fails with what it said where it fails or takes too long. */
  async run(...argv: readonly string[]): Promise<string> {
    return this.runWith('', ...argv);
  }

  /** The same with an input. */
  async runWith(input: Buffer | string, ...argv: readonly string[]): Promise<string> {
    const program = await this.spawn(argv, {}, input);
    const timer = setTimeout(() => program.leave(), RUN_LIMIT_MS);
    const ended = await program.ended;
    clearTimeout(timer);
    if (ended === 0) return program.stdout;
    throw new Error(`${argv.join(' ')} in ${this.name}: ${ended}: ${program.stderr}`);
  }
}

/** Turns on a machine; it is killed with the test file, which then tells what its console had where a test failed. */
export async function startMachine(name: string, options?: MachineOptions): Promise<Machine> {
  const machine = new Machine(name, options);
  t.teardown(async () => {
    await machine.kill();
    if (!t.passing()) t.comment(`${name}: ${tail(machine.console, TAIL_LINES)}`);
  });
  await machine.start();
  return machine;
}
