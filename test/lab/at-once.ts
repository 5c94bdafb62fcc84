/** Does a job for each of several things, so many at once, and waits for all of them. */
export async function atOnce<T>(
  jobs: number,
  things: readonly T[],
  job: (thing: T, index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let index = next++; index < things.length; index = next++)
      await job(things[index] as T, index);
  };
  await Promise.all(Array.from({ length: jobs }, work));
}
