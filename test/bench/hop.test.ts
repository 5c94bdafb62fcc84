import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { DelayLine } from '../../bench/hop/delay-line.js';
import { relay } from '../../bench/hop/relay.js';

/** A clock that stands still until somebody waits, and then goes a little too far, as timers do. */
class LateClock {
  time = 0;

  now(): number {
    return this.time;
  }

  async wait(ms: number): Promise<void> {
    await Promise.resolve();
    this.time += ms + 0.25;
  }
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
};

t.test(
  'a delay line keeps the order and is never early, nor late by more than its clock',
  async (t) => {
    const clock = new LateClock();
    const delivered: [string, number][] = [];
    const line = new DelayLine<string>(1, (item) => delivered.push([item, clock.time]), clock);
    line.push('a');
    clock.time = 0.5;
    line.push('b');
    line.push('c');
    t.same(delivered, [], 'nothing is delivered at once');
    await turns(20);
    t.same(
      delivered,
      [
        ['a', 1.75],
        ['b', 1.75],
        ['c', 1.75],
      ],
      'all that is due goes at one time, and no delay is added to another',
    );
    line.push('d');
    await turns(20);
    t.same(delivered.at(-1), ['d', 3], 'and it goes on after it was empty');
  },
);

const listen = async (serve: (socket: Socket) => void) => {
  const server = createServer({ allowHalfOpen: true }, serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
};

t.test('a relay hands on every byte both ways, and the end', async (t) => {
  const echo = await listen((socket) => socket.pipe(socket));
  const between = await listen(() => {});
  t.teardown(() => [echo, between].map(({ server }) => server.close()));
  relay(between.server, '127.0.0.1', echo.port);
  const socket = createConnection({ host: '127.0.0.1', port: between.port, allowHalfOpen: true });
  const sent = Array.from({ length: 2000 }, (_, index) => `message ${index}\n`);
  const answer = text(socket);
  for (const message of sent) socket.write(message);
  socket.end();
  t.equal(await answer, sent.join(''));
});

t.test('a relay to where nobody listens ends the connection', async (t) => {
  const gone = await listen(() => {});
  gone.server.close();
  const between = await listen(() => {});
  t.teardown(() => between.server.close());
  relay(between.server, '127.0.0.1', gone.port);
  const socket = createConnection({ host: '127.0.0.1', port: between.port });
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'close');
  t.pass('it is closed');
});
