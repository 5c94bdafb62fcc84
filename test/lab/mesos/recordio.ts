/** The messages of a streamed response of Mesos's APIs: each is its length in bytes, a line feed, and JSON. */
export async function* records<T>(body: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  let rest = Buffer.alloc(0);
  for await (const chunk of body) {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const end = rest.indexOf('\n');
      const length = Number(rest.subarray(0, end));
      if (end < 0 || rest.length < end + 1 + length) break;
      yield JSON.parse(rest.toString('utf8', end + 1, end + 1 + length)) as T;
      rest = rest.subarray(end + 1 + length);
    }
  }
}
