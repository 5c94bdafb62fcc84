import {
  Identity,
  PluginCapability_Service_Type as Service,
  PluginCapability_VolumeExpansion_Type as VolumeExpansion,
} from '../proto/csi/v1/csi_pb.js';
import { implement } from './wire/adapter.js';

/** What the id of the plugin's own host is called in the manifest, where it keeps hosts apart. */
export const HOST_IN_MANIFEST = 'host';

export interface IdentityOptions {
  readonly driverName: string;
  readonly version: string;
  /** The host whose volumes alone the controller lists and deletes; undefined: those of all. */
  readonly host: string | undefined;
  /** True where the controller service is offered too. */
  readonly controller: boolean;
  /** Whether the plugin can serve now. It answers from memory: Probe waits for nothing. */
  readonly ready: () => boolean;
}

/** CSI's Identity service. */
export function identityService({ driverName, version, host, controller, ready }: IdentityOptions) {
  return implement(Identity, {
    async getPluginInfo() {
      return {
        name: driverName,
        vendorVersion: version,
        manifest: host === undefined ? {} : { [HOST_IN_MANIFEST]: host },
      };
    },

    async getPluginCapabilities() {
      return {
        capabilities: [
          ...(controller
            ? [
                {
                  type: {
                    case: 'service' as const,
                    value: { type: Service.CONTROLLER_SERVICE },
                  },
                },
              ]
            : []),
          {
            type: { case: 'volumeExpansion' as const, value: { type: VolumeExpansion.ONLINE } },
          },
        ],
      };
    },

    async probe() {
      return { ready: ready() };
    },
  });
}
