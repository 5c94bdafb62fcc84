# Writes to a raw block device, past any file system. A task of the exec driver may open no such device. One of
# raw_exec may, and finds it where Nomad had the plugin put it.
#
#   nomad volume create journal.volume.hcl
#   nomad job run exec/journal.nomad.hcl

variable "client_state_dir" {
  type        = string
  default     = "/opt/nomad/data/client"
  description = "As the plugin's."
}

variable "plugin_type" {
  type        = string
  default     = "node"
  description = "How the plugin runs: node, or monolith."
}

job "journal" {
  group "journal" {
    volume "journal" {
      type            = "csi"
      source          = "journal"
      access_mode     = "single-node-writer"
      attachment_mode = "block-device"
    }

    # Nomad gives volumes to a group only where the driver of some task of it has mounts.
    task "hold" {
      driver = "exec"

      config {
        command = "/bin/sleep"
        args    = ["infinity"]
      }

      resources {
        cpu    = 10
        memory = 16
      }
    }

    task "write" {
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args = [
          "-c",
          "while date | dd of=$DEVICE bs=4096 count=1 conv=sync,notrunc oflag=direct,dsync; do sleep 5; done",
        ]
      }

      env {
        DEVICE = "${var.client_state_dir}/csi/${var.plugin_type}/pannier/per-alloc/${NOMAD_ALLOC_ID}/journal/rw-block-device-single-node-writer"
      }

      resources {
        cpu    = 50
        memory = 64
      }
    }
  }
}
