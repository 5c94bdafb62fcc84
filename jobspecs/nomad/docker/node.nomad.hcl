# Pannier's node plugin, on every client, in Docker: it attaches, formats and mounts volumes where jobs use them.
#
# Images are attached by rbd-fuse, which ends with the container, and with it the mounts that jobs use: drain a client
# before its plugin is replaced, or run the plugin by raw_exec, where mounts go on.
#
#   ceph auth get-key client.pannier | nomad var put -out=none nomad/jobs/pannier-node key=-
#   nomad job run -var='ceph_monitors=["192.0.2.1:6789"]' node.nomad.hcl

variable "datacenters" {
  type    = list(string)
  default = ["*"]
}

variable "image" {
  type    = string
  default = "pannier:0.1.0"
}

variable "package" {
  type        = string
  default     = ""
  description = "Where pannier-VERSION-linux-x64.image.tar is, as the artifact block takes it. Empty: the image comes from a registry."
}

variable "plugin_id" {
  type    = string
  default = "pannier"
}

variable "driver_name" {
  type        = string
  default     = "csi.pannier.rbd"
  description = "Nomad's \"provider\". Volumes are bound to it for life."
}

variable "cluster" {
  type        = string
  default     = "ceph"
  description = "What the Ceph cluster is called. It begins every volume's external ID, so it must never change."
}

variable "cluster_id" {
  type        = string
  default     = ""
  description = "What volume specifications made for ceph-csi have as clusterID."
}

variable "ceph_monitors" {
  type        = list(string)
  description = "The monitors, as host:port."
}

variable "ceph_user" {
  type    = string
  default = "pannier"
}

variable "ceph_pool" {
  type        = string
  default     = "rbd"
  description = "Where volumes go that name no pool."
}

variable "loop_devices" {
  type        = number
  default     = 8
  description = "How many of the machine's loop devices the plugin may use, from /dev/loop0 on: at least one a volume."
}

job "pannier-node" {
  datacenters = var.datacenters
  type        = "system"
  priority    = 80

  group "node" {
    task "plugin" {
      driver = "docker"

      # A call in flight is let finish, for up to 25 seconds.
      kill_timeout = "30s"

      config {
        image        = var.image
        load         = var.package == "" ? "" : "pannier.tar"
        force_pull   = false
        network_mode = "host"
        cap_add      = ["sys_admin"]
        security_opt = ["apparmor=unconfined"]

        devices = [
          for path in concat(
            ["/dev/fuse", "/dev/loop-control"],
            [for index in range(var.loop_devices) : "/dev/loop${index}"],
          ) : {
            host_path          = path
            container_path     = path
            cgroup_permissions = "rwm"
          }
        ]

        args = [
          "plugin", "run",
          "-mode=node",
          "-node-id=${node.unique.id}",
          "-config=${NOMAD_TASK_DIR}/pannier.hcl",
          # Nomad keeps this folder on the machine, and mounts made below it are seen there.
          "-state-dir=/local/csi/pannier",
        ]
      }

      csi_plugin {
        id        = var.plugin_id
        type      = "node"
        mount_dir = "/csi"
      }

      dynamic "artifact" {
        for_each = var.package == "" ? [] : [var.package]
        content {
          source      = artifact.value
          destination = "local/pannier.tar"
          mode        = "file"
          options {
            archive = "false"
          }
        }
      }

      template {
        destination = "local/pannier.hcl"
        data        = <<-EOT
          driver_name = "${var.driver_name}"

          cluster "${var.cluster}" {
            id       = "${var.cluster_id}"
            monitors = ${jsonencode(var.ceph_monitors)}
            user     = "${var.ceph_user}"
            pool     = "${var.ceph_pool}"
            key_file = "{{ env "NOMAD_SECRETS_DIR" }}/ceph.key"
          }
        EOT
      }

      template {
        destination = "secrets/ceph.key"
        perms       = "0400"
        data        = <<-EOT
          {{ with nomadVar "nomad/jobs/pannier-node" }}{{ .key }}{{ end }}
        EOT

        # A new key is used by the next start: a restart would end the mounts of rbd-fuse.
        change_mode = "noop"
      }

      resources {
        cpu = 100
        # An attached volume takes some 40 MB more: rbd-fuse runs here.
        memory = 512
      }
    }
  }
}
