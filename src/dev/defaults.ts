/** Where `pannier dev` keeps its cluster, its plugin's configuration and its sockets. */
export const DEFAULT_DEV_FOLDER = '/var/lib/pannier/dev';

/** The gRPC address of the plugin that `pannier dev` starts in a folder. */
export function endpointOf(folder: string): string {
  return `unix://${folder}/csi.sock`;
}

/** The address that commands speak to when neither -endpoint nor PANNIER_ENDPOINT is given. */
export const DEFAULT_ENDPOINT = endpointOf(DEFAULT_DEV_FOLDER);
