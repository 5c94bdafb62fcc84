# Pannier whole, on every client, without a container, for a site of a few machines: controller and node in one
# process. The machines need Debian's librbd1, librados2, rbd-fuse, fuse3, e2fsprogs, xfsprogs and btrfs-progs.
#
#   ceph auth get-key client.pannier | nomad var put -out=none nomad/jobs/pannier key=-
#   nomad job run -var='ceph_monitors=["192.0.2.1:6789"]' -var=package=https://… monolith.nomad.hcl

variable "datacenters" {
  type    = list(string)
  default = ["*"]
}

variable "package" {
  type        = string
  description = "Where pannier-VERSION-linux-x64.tar.gz is, as the artifact block takes it, with ?checksum=sha256:… where wanted."
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

variable "client_state_dir" {
  type        = string
  default     = "/opt/nomad/data/client"
  description = "The Nomad clients' state_dir: \"client\" below their data_dir, where nothing else is set."
}

variable "state_dir" {
  type        = string
  default     = "/var/lib/pannier"
  description = "Where the node remembers what it has attached. It must outlive the plugin."
}

job "pannier" {
  datacenters = var.datacenters
  type        = "system"
  priority    = 80

  group "monolith" {
    task "plugin" {
      driver = "raw_exec"

      # A call in flight is let finish, for up to 25 seconds.
      kill_timeout = "30s"

      config {
        command = "local/pannier/bin/pannier"
        args = [
          "plugin", "run",
          "-mode=all",
          "-node-id=${node.unique.id}",
          "-config=${NOMAD_TASK_DIR}/pannier.hcl",
          "-state-dir=${var.state_dir}",
        ]
      }

      csi_plugin {
        id   = var.plugin_id
        type = "monolith"

        # Nomad tells the plugin paths below this one, and looks for the mounts below client_state_dir. Without a
        # container between them, both must be the same folder.
        stage_publish_base_dir = "${var.client_state_dir}/csi/monolith/${var.plugin_id}"
      }

      artifact {
        source = var.package
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
          {{ with nomadVar "nomad/jobs/pannier" }}{{ .key }}{{ end }}
        EOT

        # A new key is used by the next start.
        change_mode = "noop"
      }

      resources {
        cpu    = 100
        memory = 256
      }
    }
  }
}
