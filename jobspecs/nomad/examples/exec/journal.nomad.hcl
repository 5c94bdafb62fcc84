# Writes to a raw block device, past any file system.
#
#   nomad volume create journal.volume.hcl
#   nomad job run exec/journal.nomad.hcl

job "journal" {
  group "journal" {
    volume "journal" {
      type            = "csi"
      source          = "journal"
      access_mode     = "single-node-writer"
      attachment_mode = "block-device"
    }

    task "write" {
      driver = "exec"

      config {
        command = "/bin/sh"
        args = [
          "-c",
          "while date | dd of=/journal bs=4096 count=1 conv=sync,notrunc oflag=direct,dsync; do sleep 5; done",
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
