import { readConsul } from '../config/consul.js';
import { ConsulClient } from '../consul/client.js';
import type { Diagnostic } from '../spec/diagnostic.js';
import { CommandError, EXIT } from './errors.js';

/** Opens the Consul agent that Consul's own variables name. Throws CommandError where they cannot be used. */
export function openConsul(): ConsulClient {
  const problems: Diagnostic[] = [];
  const { access } = readConsul({ flags: {}, env: process.env }, undefined, (problem) => {
    problems.push(problem);
  });
  const [first] = problems;
  if (first === undefined) return new ConsulClient(access);
  throw new CommandError(first.summary, {
    code: 'USAGE',
    exitCode: EXIT.usage,
    remedy: first.detail,
  });
}
