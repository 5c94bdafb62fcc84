import { type Diagnostic, errorAt } from '../spec/diagnostic.js';
import { chooser, type Outside } from './choose.js';
import { CONSUL_OPTIONS, type ConsulOptionName, consulFlag } from './consul-options.js';
import { parseDuration } from './duration.js';
import type { Given } from './file.js';
import { unreadableFile } from './readable.js';
import type { ConsulAccess, ConsulRegistration } from './settings.js';
import { wordsOf } from './words.js';

export interface ReadConsul {
  readonly access: ConsulAccess;
  /** Undefined where no service is named. */
  readonly registration: ConsulRegistration | undefined;
}

/** Reads how Consul is reached and what it is told. Every mistake is reported. */
export function readConsul(
  outside: Outside,
  block: ReadonlyMap<string, Given> | undefined,
  report: (diagnostic: Diagnostic) => void,
): ReadConsul {
  const choose = chooser(outside, report);
  const word = (name: ConsulOptionName) =>
    choose(CONSUL_OPTIONS[name], consulFlag(CONSUL_OPTIONS[name].key), block);
  const problem = (summary: string, detail: string) =>
    report(errorAt(undefined, `consul: ${summary}`, detail));
  const file = (name: 'tokenFile' | 'caFile' | 'certFile' | 'keyFile') => {
    const path = word(name);
    const unreadable = path === undefined ? undefined : unreadableFile(path);
    if (unreadable !== undefined)
      problem(`cannot read its ${CONSUL_OPTIONS[name].key}`, unreadable);
    return path;
  };
  const access: ConsulAccess = {
    address: withScheme(word('address') ?? '', outside.env),
    token: word('token'),
    tokenFile: file('tokenFile'),
    datacenter: word('datacenter'),
    namespace: word('namespace'),
    caFile: file('caFile'),
    certFile: file('certFile'),
    keyFile: file('keyFile'),
    tlsServerName: word('tlsServerName'),
  };
  if (access.token !== undefined && access.tokenFile !== undefined)
    problem('both token and token_file', 'Give one of them.');
  if ((access.certFile === undefined) !== (access.keyFile === undefined))
    problem('cert_file and key_file go together', 'Give both or neither.');
  const service = word('service');
  const registration =
    service === undefined
      ? undefined
      : {
          service,
          tags: wordsOf(word('tags')),
          advertise: word('advertise'),
          deregisterAfterMs: parseDuration(word('deregisterAfter') ?? '') ?? 0,
        };
  return { access, registration };
}

/** Consul's own variable says whether an address without a scheme is spoken to over TLS. */
function withScheme(address: string, env: NodeJS.ProcessEnv): string {
  if (address.includes('://')) return address.replace(/\/$/, '');
  const secure = /^(1|t|true)$/i.test(env.CONSUL_HTTP_SSL ?? '');
  return `${secure ? 'https' : 'http'}://${address}`;
}
