import { fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { VolumeCapabilitySchema } from '../../../src/proto/csi/v1/csi_pb.js';

/** The file that Mesos's URI disk profile adaptor reads, as far as it is used here. */
export interface ProfileMap {
  readonly profile_matrix: Readonly<Record<string, Profile>>;
}

export interface Profile {
  /** In the JSON form of protobuf. */
  readonly volume_capabilities: JsonValue;
  readonly create_parameters?: Readonly<Record<string, string>>;
  readonly csi_plugin_type_selector?: { readonly plugin_type: string };
  readonly resource_provider_selector?: object;
}

/** The same profiles for our module, which takes the selectors for granted: see test/tools/mesos/profiles.cpp. */
export function moduleProfiles({ profile_matrix }: ProfileMap): string {
  return Object.entries(profile_matrix)
    .map(([name, { volume_capabilities, create_parameters = {} }]) => {
      const capability = fromJson(VolumeCapabilitySchema, volume_capabilities);
      const hex = Buffer.from(toBinary(VolumeCapabilitySchema, capability)).toString('hex');
      const parameters = Object.entries(create_parameters).map(([key, value]) => `${key}=${value}`);
      return `${[name, hex, ...parameters].join(' ')}\n`;
    })
    .join('');
}
