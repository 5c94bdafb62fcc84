import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { records } from './recordio.js';

// An executor of Mesos's v1 API, since the package has none: it runs a task's data as a shell script, and ends. It
// outlives its agent. Usage: node executor.js NAME

interface Task {
  readonly task_id: { readonly value: string };
  readonly data: string;
}

interface Event {
  readonly type: string;
  readonly launch?: { readonly task: Task };
  readonly acknowledged?: { readonly uuid: string };
}

/** All that a task says may go into one message. */
const OUTPUT_LIMIT = 64_000;
const AGENT_LIMIT_MS = 300_000;

const { env } = process;
const [libprocess] = (env.MESOS_SLAVE_PID ?? '').split('@');
const API = `http://${env.MESOS_AGENT_ENDPOINT}/${libprocess}/api/v1/executor`;
const ids = {
  executor_id: { value: env.MESOS_EXECUTOR_ID },
  framework_id: { value: env.MESOS_FRAMEWORK_ID },
};

let task: Task | undefined;
let child: ChildProcess | undefined;
let isKilled = false;
/** What the agent has not acknowledged, by its uuid. */
const updates = new Map<string, { readonly status: object }>();
let acknowledged = Promise.withResolvers<void>();

/** The agent is not there, or not ready. */
class Away extends Error {}

async function post(message: object): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const body = JSON.stringify({ ...ids, ...message });
  const response = await fetch(API, { method: 'POST', headers, body }).catch((error) => {
    throw new Away(String(error));
  });
  if (response.ok) return response;
  const problem = `${response.status} ${await response.text()}`;
  throw response.status >= 500 ? new Away(problem) : new Error(problem);
}

function unlessAway(error: unknown): void {
  if (!(error instanceof Away)) throw error;
}

async function update(state: string, message = ''): Promise<void> {
  const uuid = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64');
  const about = { task_id: task?.task_id, executor_id: ids.executor_id, source: 'SOURCE_EXECUTOR' };
  const sent = { status: { ...about, state, message, uuid } };
  updates.set(uuid, sent);
  // An agent that is away hears of it when it comes back.
  await post({ type: 'UPDATE', update: sent }).catch(unlessAway);
  while (updates.has(uuid)) await acknowledged.promise;
}

async function run(script: string): Promise<void> {
  const started = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  child = started;
  let output = '';
  for (const stream of [started.stdout, started.stderr])
    stream.on('data', (chunk) => {
      output = `${output}${chunk}`.slice(-OUTPUT_LIMIT);
    });
  const ended = new Promise((resolve) => started.once('close', resolve));
  await update('TASK_RUNNING');
  const code = await ended;
  await update(isKilled ? 'TASK_KILLED' : code === 0 ? 'TASK_FINISHED' : 'TASK_FAILED', output);
  process.exit(0);
}

async function follow(): Promise<void> {
  const subscribe = {
    unacknowledged_tasks: task === undefined || updates.size === 0 ? [] : [task],
    unacknowledged_updates: [...updates.values()],
  };
  const { body } = await post({ type: 'SUBSCRIBE', subscribe });
  try {
    for await (const event of records<Event>(body as AsyncIterable<Uint8Array>)) take(event);
  } catch (error) {
    throw new Away(String(error));
  }
}

function take(event: Event): void {
  if (event.launch !== undefined) {
    task = event.launch.task;
    void run(Buffer.from(task.data, 'base64').toString());
  } else if (event.acknowledged !== undefined) {
    updates.delete(event.acknowledged.uuid);
    acknowledged.resolve();
    acknowledged = Promise.withResolvers<void>();
  } else if (event.type === 'KILL') {
    isKilled = true;
    child?.kill('SIGKILL');
  } else if (event.type === 'SHUTDOWN') process.exit(0);
}

for (let limit = Date.now() + AGENT_LIMIT_MS; Date.now() < limit; await sleep(200)) {
  const began = Date.now();
  await follow().catch(unlessAway);
  // It was connected, if it took so long.
  if (Date.now() - began > 1000) limit = Date.now() + AGENT_LIMIT_MS;
}
