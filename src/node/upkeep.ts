import { setTimeout as sleep } from 'node:timers/promises';
import { clearAbandoned } from './abandoned.js';
import type { InLine, NodeContext } from './context.js';
import { tellVacated } from './vacated.js';

const ABANDONED_MS = 30_000;
const VACATED_MS = 5_000;

/** What a node does by itself, again and again. What is returned ends it. */
export function keepUp(context: NodeContext, inLine: InLine): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  const again = async (periodMs: number, look: typeof clearAbandoned) => {
    for (; !signal.aborted; await sleep(periodMs, undefined, { signal, ref: false }))
      await look(context, inLine, signal).catch((error: unknown) =>
        context.log.error({ error: String(error) }, 'cannot look after the volumes of this node'),
      );
  };
  // It ends by being aborted, and in no other way.
  for (const keeping of [again(ABANDONED_MS, clearAbandoned), again(VACATED_MS, tellVacated)])
    keeping.catch(() => undefined);
  return () => ended.abort();
}
