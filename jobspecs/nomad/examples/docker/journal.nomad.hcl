# Writes to a raw block device, past any file system.
#
#   nomad volume create journal.volume.hcl
#   nomad job run docker/journal.nomad.hcl

variable "image" {
  type    = string
  default = "debian:bookworm-slim"
}

variable "loop_devices" {
  type        = number
  default     = 8
  description = "As the plugin's: the volume is one of them."
}

job "journal" {
  group "journal" {
    volume "journal" {
      type            = "csi"
      source          = "journal"
      access_mode     = "single-node-writer"
      attachment_mode = "block-device"
    }

    task "write" {
      driver = "docker"

      config {
        image      = var.image
        entrypoint = ["/bin/sh", "-c"]
        args = [
          "while date | dd of=/journal bs=4096 count=1 conv=sync,notrunc oflag=direct,dsync; do sleep 5; done",
        ]

        # Docker lets a container use the devices that it is told of, and no others.
        devices = [
          for index in range(var.loop_devices) : {
            host_path          = "/dev/loop${index}"
            cgroup_permissions = "rw"
          }
        ]
      }

      volume_mount {
        volume      = "journal"
        destination = "/journal"
      }

      resources {
        cpu    = 50
        memory = 64
      }
    }
  }
}
