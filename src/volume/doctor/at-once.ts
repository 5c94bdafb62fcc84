/** How many subjects are looked at, or mended, at once: a doctor must not crowd out those who work. */
const AT_ONCE = 16;

/** What `work` answers for each, in their order, a few at a time. */
export async function fewAtOnce<T, R>(
  all: readonly T[],
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = all.entries();
  const next = async () => {
    for (const [at, one] of waiting) results[at] = await work(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return results;
}
