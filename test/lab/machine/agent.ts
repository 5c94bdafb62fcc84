import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import { AGENT_PORT, listen, type Signal, type Start, send } from './wire.js';

// Runs in a machine, and programs for whoever connects: the network has only the test's own.

/** How long the output of a program that has ended may still come. */
const OUTPUT_LIMIT_MS = 1_000;

function start(socket: Socket, { argv, env, input }: Start): ChildProcess {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { env: { ...process.env, ...env }, cwd: '/run' });
  child.once('spawn', () => send(socket, { pid: child.pid ?? 0 }));
  child.stdout.on('data', (data: Buffer) => send(socket, { out: data.toString('base64') }));
  child.stderr.on('data', (data: Buffer) => send(socket, { err: data.toString('base64') }));
  child.stdin.on('error', () => {}).end(Buffer.from(input, 'base64'));
  child.once('error', ({ message }) => {
    send(socket, { err: Buffer.from(message).toString('base64') });
    end(socket, 127);
  });
  const over = () => end(socket, child.exitCode ?? child.signalCode ?? 127);
  child.once('close', over);
  // A daemon that it left may hold its output open.
  child.once('exit', () => setTimeout(over, OUTPUT_LIMIT_MS));
  return child;
}

function end(socket: Socket, ended: string | number): void {
  if (socket.writableEnded) return;
  send(socket, { ended });
  socket.end();
}

createServer((socket) => {
  let child: ChildProcess | undefined;
  listen(socket, (message) => {
    if (child === undefined) child = start(socket, message as Start);
    else child.kill((message as Signal).signal);
  });
  socket.on('error', () => {});
  socket.on('close', () => child?.kill('SIGKILL'));
}).listen(AGENT_PORT, '0.0.0.0');
