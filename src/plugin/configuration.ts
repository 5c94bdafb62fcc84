import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { chooser, type Outside } from '../config/choose.js';
import { readConsul } from '../config/consul.js';
import { type Document, type Loaded, loadSettings } from '../config/load.js';
import { OPTIONS } from '../config/options.js';
import type { Settings } from '../config/settings.js';
import { ConsulClient } from '../consul/client.js';
import { Contact } from '../consul/contact.js';
import { ConsulError } from '../consul/errors.js';
import { type Entry, followTree, readTree } from '../consul/kv.js';
import type { Logger } from '../observe/log.js';
import { type Diagnostic, errorAt, hasErrors } from '../spec/diagnostic.js';
import { diagnosticLine } from '../spec/render.js';
import { KeptConfiguration } from './kept-configuration.js';

const SCHEME = 'consul://';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * A configuration in Consul: the value of a key, and those of the keys below it, are one together, in the language of
 * the file. A copy of the last good one is kept in the state directory, so that a plugin starts without Consul.
 */
export class ConsulConfiguration {
  readonly #client: ConsulClient;
  readonly #key: string;
  readonly #kept: KeptConfiguration;
  /** What is wrong with the way to Consul, which flags and the environment alone tell. */
  readonly #wrong: Diagnostic[] = [];
  /** Consul's last word, good or not. */
  #seen: readonly Document[] | undefined;
  #isRefused = false;
  /** The writing of copies, one after the other. */
  #keeping = Promise.resolve();

  /** `address` is `consul://` and a key. */
  constructor(
    address: string,
    private readonly outside: Outside,
    private readonly log: Logger,
  ) {
    const report = (diagnostic: Diagnostic) => {
      this.#wrong.push(diagnostic);
    };
    const stateDir = chooser(outside, report)(OPTIONS.stateDir, 'state-dir', undefined) ?? '';
    this.#client = new ConsulClient(readConsul(outside, undefined, report).access);
    this.#key = address.slice(SCHEME.length).replace(/^\/+|\/+$/g, '');
    this.#kept = new KeptConfiguration(stateDir, address);
    if (this.#key === '')
      report(
        errorAt(undefined, `-config: "${address}" names no key`, 'Write: consul://pannier/config.'),
      );
  }

  /**
   * The configuration as it is now; or else, where Consul is away or has none that can be used, the kept copy. Without
   * one it waits for Consul, if it may.
   */
  async load(mayWait: boolean): Promise<Loaded> {
    if (hasErrors(this.#wrong))
      return { settings: undefined, diagnostics: this.#wrong, sources: new Map() };
    const contact = new Contact({
      lost: (problem) => this.log.warn({ problem }, 'waits for its configuration in Consul'),
      found() {},
    });
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await this.#first(await readTree(this.#client, this.#key));
      } catch (error) {
        if (!(error instanceof ConsulError)) throw error;
        const kept = await this.#fromKept([error.message]);
        if (kept !== undefined) return kept;
        if (!mayWait) return refusal(error.message, 'Without Consul there is no configuration.');
        contact.failed(error);
        await sleep(pause);
      }
    }
  }

  /** Keeps a copy, and gives each usable configuration that is another one, until the returned function is called. */
  follow(use: (settings: Settings) => void): () => void {
    const { log } = this;
    if (this.#seen !== undefined && !this.#isRefused) this.#keep(this.#seen);
    const contact = new Contact({
      lost: (problem) =>
        log.warn({ problem }, 'cannot follow the configuration in Consul: the last good one stays'),
      found: () => log.info({}, 'follows the configuration in Consul again'),
    });
    const end = followTree(this.#client, this.#key, {
      onValue: (entries) => this.#changed(documentsOf(entries), use),
      onProblem: (error) => contact.failed(error),
      onAnswer: () => contact.answered(),
    });
    return () => {
      end();
      void this.#client.close();
    };
  }

  async #first(entries: readonly Entry[]): Promise<Loaded> {
    this.#seen = documentsOf(entries);
    const loaded = this.#read(this.#seen);
    if (loaded.settings === undefined) {
      this.#isRefused = true;
      return (await this.#fromKept(loaded.diagnostics.map(diagnosticLine))) ?? loaded;
    }
    return loaded;
  }

  #changed(documents: readonly Document[], use: (settings: Settings) => void): void {
    if (isDeepStrictEqual(documents, this.#seen)) return;
    this.#seen = documents;
    const { settings, diagnostics } = this.#read(documents);
    const problems = diagnostics.map(diagnosticLine);
    if (settings === undefined) {
      this.#isRefused = true;
      this.log.error(
        { problems },
        'the configuration in Consul is refused: the last good one stays',
      );
      return;
    }
    if (problems.length > 0) this.log.warn({ problems }, 'something in the configuration is odd');
    if (this.#isRefused) this.log.info({}, 'the configuration in Consul can be used again');
    this.#isRefused = false;
    this.#keep(documents);
    use(settings);
  }

  #read(documents: readonly Document[]): Loaded {
    if (documents.length > 0) return loadSettings({ ...this.outside, file: documents });
    return refusal(
      `Consul has no key "${this.#key}"`,
      `Write it with \`consul kv put ${this.#key} @pannier.hcl\`.`,
    );
  }

  async #fromKept(problems: readonly string[]): Promise<Loaded | undefined> {
    const documents = await this.#kept.read();
    if (documents === undefined) return undefined;
    const loaded = loadSettings({ ...this.outside, file: documents });
    if (loaded.settings === undefined) return undefined;
    const { path } = this.#kept;
    this.log.error({ problems, path }, 'starts with the last good configuration from Consul');
    return loaded;
  }

  #keep(documents: readonly Document[]): void {
    this.#keeping = this.#keeping
      .then(() => this.#kept.write(documents))
      .catch((error: Error) => {
        const { path } = this.#kept;
        this.log.warn({ path, problem: error.message }, 'cannot keep a copy of the configuration');
      });
  }
}

function documentsOf(entries: readonly Entry[]): Document[] {
  return entries.map(({ key, value }) => ({ name: `${SCHEME}${key}`, text: value }));
}

function refusal(summary: string, detail: string): Loaded {
  return {
    settings: undefined,
    diagnostics: [errorAt(undefined, summary, detail)],
    sources: new Map(),
  };
}
