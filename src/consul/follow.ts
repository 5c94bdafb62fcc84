import Consul from 'consul';
import { ConsulError } from './errors.js';

/** How long Consul keeps a request open that has nothing new to say. */
const WAIT = '30s';
/** When it is given up: Consul itself adds a little, and may be slow. */
const LIMIT = '45s';
/** Pauses after failures double from twice this up to the longest, in milliseconds. */
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** Who is told of a followed answer. */
export interface Following<T> {
  /** Called with the first answer and with each that may be another one. */
  onValue(value: T): void;
  /** Called after each failure; it is tried again. */
  onProblem(error: ConsulError): void;
  /** Called after each answer, new or not. */
  onAnswer?(): void;
}

/** What the package's watch adds to a request, and what it needs to see of the answer. */
type Watched = (options: object) => Promise<unknown>;

/** Follows what a request answers until the returned function is called. */
export function follow<T>(
  ask: Watched,
  { onValue, onProblem, onAnswer }: Following<T>,
): () => void {
  const method = async (options: object) => {
    const answer = await ask(options);
    onAnswer?.();
    return answer;
  };
  let ended = false;
  let watch: InstanceType<typeof Consul.Watch>;
  let pause: NodeJS.Timeout | undefined;
  const begin = () => {
    watch = new Consul.Watch(new Consul(), {
      method,
      options: { wait: WAIT, timeout: LIMIT },
      backoffFactor: PAUSE_MS,
      backoffMax: LONGEST_PAUSE_MS,
    });
    watch.on('change', onValue);
    watch.on('error', (error: Error) =>
      onProblem(
        error instanceof ConsulError
          ? error
          : new ConsulError(`Consul's answer is not understood: ${error.message}`, undefined),
      ),
    );
    // The package gives an answer up that has no index, as one that no Consul gave.
    watch.on('end', () => {
      if (!ended) pause = setTimeout(begin, LONGEST_PAUSE_MS);
    });
  };
  begin();
  return () => {
    ended = true;
    clearTimeout(pause);
    watch.end();
  };
}
