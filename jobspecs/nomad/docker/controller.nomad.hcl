# Pannier's controller, twice: it creates, grows, snapshots and deletes volumes. It needs the network to Ceph's
# monitors and OSDs, and nothing of the machine that it runs on.
#
#   ceph auth get-key client.pannier | nomad var put -out=none nomad/jobs/pannier-controller key=-
#   nomad job run -var='ceph_monitors=["192.0.2.1:6789"]' controller.nomad.hcl

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

job "pannier-controller" {
  datacenters = var.datacenters
  priority    = 80

  # One goes on while the other one is replaced.
  update {
    max_parallel = 1
  }

  group "controller" {
    count = 2

    spread {
      attribute = "${node.unique.id}"
    }

    task "plugin" {
      driver = "docker"

      # A call in flight is let finish, for up to 25 seconds.
      kill_timeout = "30s"

      config {
        image        = var.image
        load         = var.package == "" ? "" : "pannier.tar"
        force_pull   = false
        network_mode = "host"
        args         = ["plugin", "run", "-mode=controller", "-config=${NOMAD_TASK_DIR}/pannier.hcl"]
      }

      csi_plugin {
        id        = var.plugin_id
        type      = "controller"
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
          {{ with nomadVar "nomad/jobs/pannier-controller" }}{{ .key }}{{ end }}
        EOT
      }

      resources {
        cpu    = 100
        memory = 256
      }
    }
  }
}
