import { once } from 'node:events';
import type { DescService } from '@bufbuild/protobuf';
import {
  Health,
  HealthCheckResponse_ServingStatus as Serving,
} from '../../proto/grpc/health/v1/health_pb.js';
import { fail } from '../../volume/errors.js';
import { implement } from './adapter.js';

/** The gRPC health protocol: every service serves until the plugin begins to drain. */
export class HealthService {
  readonly #names: ReadonlySet<string>;
  readonly #drain = new AbortController();

  constructor(services: readonly DescService[]) {
    this.#names = new Set(['', ...services.map(({ typeName }) => typeName)]);
  }

  get serving(): boolean {
    return !this.#drain.signal.aborted;
  }

  /** Nothing serves from now on. */
  drain(): void {
    this.#drain.abort();
  }

  implementation() {
    const names = this.#names;
    const draining = this.#drain.signal;
    const status = () => ({ status: draining.aborted ? Serving.NOT_SERVING : Serving.SERVING });
    return implement(Health, {
      async check({ service }) {
        if (!names.has(service)) fail('unknown-service', { service });
        return status();
      },

      // It ends with the news that the server drains: an open watch would hold up the drain.
      async *watch({ service }, { signal }) {
        const known = names.has(service);
        const first = known ? status() : { status: Serving.SERVICE_UNKNOWN };
        yield first;
        const end = AbortSignal.any([signal, draining]);
        if (!end.aborted) await once(end, 'abort');
        if (known && draining.aborted && first.status === Serving.SERVING) yield status();
      },
    });
  }
}
