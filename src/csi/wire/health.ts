import { EventEmitter, on } from 'node:events';
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
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #serving = true;

  constructor(services: readonly DescService[]) {
    this.#names = new Set(['', ...services.map(({ typeName }) => typeName)]);
  }

  get serving(): boolean {
    return this.#serving;
  }

  drain(): void {
    this.#serving = false;
    this.#changes.emit('change');
  }

  implementation() {
    const status = () => ({ status: this.#serving ? Serving.SERVING : Serving.NOT_SERVING });
    const names = this.#names;
    const changes = this.#changes;
    return implement(Health, {
      async check({ service }) {
        if (!names.has(service)) fail('unknown-service', { service });
        return status();
      },

      async *watch({ service }, { signal }) {
        if (!names.has(service)) yield { status: Serving.SERVICE_UNKNOWN };
        else yield status();
        try {
          for await (const _ of on(changes, 'change', { signal }))
            if (names.has(service)) yield status();
        } catch (error) {
          if (!signal.aborted) throw error;
        }
      },
    });
  }
}
