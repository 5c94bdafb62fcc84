/** A Marathon app, as far as its volumes need it. */
export interface MarathonApp {
  readonly cmd: string;
  readonly container: {
    readonly volumes: ReadonlyArray<{
      readonly containerPath: string;
      readonly mode: 'rw' | 'ro';
      readonly external: {
        readonly provider: 'csi';
        readonly name: string;
        readonly options: {
          readonly pluginName: string;
          readonly capability: {
            readonly accessType: 'mount' | 'block';
            readonly accessMode: string;
            readonly fsType?: string;
            readonly mountFlags?: readonly string[];
          };
          readonly volumeContext?: Readonly<Record<string, string>>;
        };
      };
    }>;
  };
}

/** A volume of a task's container: Mesos's Volume. */
export interface TaskVolume {
  readonly container_path: string;
  readonly mode: string;
  readonly source: {
    readonly type: string;
    readonly csi_volume: {
      readonly plugin_name: string;
      readonly static_provisioning: { readonly volume_id: string; readonly [key: string]: unknown };
    };
  };
}

/** The task that Marathon has Mesos run for an app. */
export function fromMarathon({ cmd, container }: MarathonApp): {
  readonly script: string;
  readonly volumes: readonly TaskVolume[];
} {
  return {
    script: cmd,
    volumes: container.volumes.map(({ containerPath, mode, external }) => {
      const { pluginName, capability, volumeContext } = external.options;
      const { accessType, accessMode, fsType, mountFlags } = capability;
      const access =
        accessType === 'block'
          ? { block: {} }
          : {
              mount: {
                ...(fsType && { fs_type: fsType }),
                ...(mountFlags && { mount_flags: mountFlags }),
              },
            };
      return {
        container_path: containerPath,
        mode: mode.toUpperCase(),
        source: {
          type: 'CSI_VOLUME',
          csi_volume: {
            plugin_name: pluginName,
            static_provisioning: {
              volume_id: external.name,
              volume_capability: { ...access, access_mode: { mode: accessMode } },
              ...(volumeContext && { volume_context: volumeContext }),
            },
          },
        },
      };
    }),
  };
}
