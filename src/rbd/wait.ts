import { LIMITS } from './access.js';
import { CephError, EBADMSG, ETIMEDOUT } from './errno.js';
import type { Missing } from './missing.js';

/** Whether a caller is answered after LIMITS.call, though its work goes on. */
export type Limit = 'limit' | 'no limit';

/** What librbd makes of a part that does not answer: it ran out of time, or so did who was to answer for it. */
const NO_ANSWER: readonly number[] = [ETIMEDOUT, EBADMSG];

/**
 * What is missing is looked for when an answer does not come for so long, in milliseconds: before any limit of
 * librados, so that what comes back in the last moment is not taken for what was there all the time.
 */
const LOOK_MS = 5_000;

/** A caller's waiting for work in Ceph. */
export class Wait {
  readonly #late = Promise.withResolvers<never>();
  #limit: NodeJS.Timeout | undefined;

  constructor(
    private readonly missing: Missing,
    private readonly limit: Limit,
  ) {}

  /** The work begins now; what it waited before has a limit of its own. */
  begin(): void {
    if (this.limit === 'no limit') return;
    const operation = `wait ${LIMITS.call} s for work that goes on`;
    const fail = () => this.#late.reject(new CephError(ETIMEDOUT, operation));
    this.#limit = setTimeout(fail, LIMITS.call * 1000);
  }

  /**
   * What the work answers. librbd tries several things, each with a limit, before it gives one up, and closes the
   * image after that: its caller does not wait for all of it. Fails with a CephError that says what is missing.
   */
  async for<T>(working: Promise<T>): Promise<T> {
    let missing: Promise<string> | undefined;
    const look = setTimeout(() => {
      missing = this.missing.look();
    }, LOOK_MS);
    try {
      return await Promise.race([working, this.#late.promise]);
    } catch (error) {
      if (!(error instanceof CephError) || !NO_ANSWER.includes(error.errno)) throw error;
      const reason = await (missing ?? this.missing.look());
      throw new CephError(error.errno, error.operation, reason);
    } finally {
      clearTimeout(look);
      clearTimeout(this.#limit);
    }
  }
}
