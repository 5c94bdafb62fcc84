/** A job whose task, on the exec driver, has volumes and runs a script of the shell's. */
export interface Consumer {
  readonly id: string;
  readonly script: string;
  /** By name of the mount: "/data" for data. */
  readonly volumes: Readonly<Record<string, VolumeUse>>;
  readonly type?: 'service' | 'batch' | 'system';
  readonly namespace?: string;
  readonly count?: number;
  /** The client that it may run on; any without it. */
  readonly on?: string;
  /** HCL in the group, such as an update block. */
  readonly group?: string;
}

export interface VolumeUse {
  readonly source: string;
  readonly readOnly?: boolean;
  readonly block?: boolean;
  readonly perAlloc?: boolean;
  readonly accessMode?: string;
}

/** What a service does that only holds its volumes. */
export const HOLD = 'while :; do sleep 1; done';

export function consumerJob(consumer: Consumer): string {
  const { id, type = 'service', namespace = 'default', volumes } = consumer;
  const uses = Object.entries(volumes);
  return `
job ${quote(id)} {
  type      = ${quote(type)}
  namespace = ${quote(namespace)}

  group "group" {
    count = ${consumer.count ?? 1}
    ${consumer.on === undefined ? '' : constraint(consumer.on)}
    ${consumer.group ?? ''}
    ${type === 'batch' ? 'reschedule {\n      attempts  = 0\n      unlimited = false\n    }' : ''}
    restart {
      attempts = 0
      mode     = "fail"
    }
    ${uses.map(volumeBlock).join('')}
    task "task" {
      driver       = "exec"
      kill_timeout = "3s"
      config {
        command = "/bin/sh"
        args    = ["-c", ${quote(consumer.script)}]
      }
      ${uses.map(([name]) => mountBlock(name)).join('')}
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
`;
}

function constraint(client: string): string {
  return `constraint {
      attribute = "\${node.unique.name}"
      value     = ${quote(client)}
    }`;
}

function volumeBlock([name, use]: [string, VolumeUse]): string {
  return `
    volume ${quote(name)} {
      type            = "csi"
      source          = ${quote(use.source)}
      read_only       = ${use.readOnly === true}
      per_alloc       = ${use.perAlloc === true}
      access_mode     = ${quote(use.accessMode ?? 'single-node-writer')}
      attachment_mode = ${quote(use.block === true ? 'block-device' : 'file-system')}
    }`;
}

function mountBlock(name: string): string {
  return `
      volume_mount {
        volume      = ${quote(name)}
        destination = ${quote(`/${name}`)}
      }`;
}

/** A string of HCL 2 that says this text and nothing computed. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll('${', '$${').replaceAll('%{', '%%{');
}
