# A database on one volume, which follows it from machine to machine.
#
#   nomad volume create database.volume.hcl
#   nomad job run exec/database.nomad.hcl

job "database" {
  group "database" {
    network {
      port "redis" {}
    }

    volume "data" {
      type            = "csi"
      source          = "database"
      access_mode     = "single-node-writer"
      attachment_mode = "file-system"
    }

    service {
      name     = "database"
      port     = "redis"
      provider = "nomad"
    }

    task "redis" {
      driver = "exec"

      # Time to write what is in memory.
      kill_timeout = "30s"

      config {
        command = "/usr/bin/redis-server"
        args = [
          "--port", "${NOMAD_PORT_redis}",
          "--dir", "/data",
          # What is answered is on the disk.
          "--appendonly", "yes",
          "--appendfsync", "always",
        ]
      }

      volume_mount {
        volume      = "data"
        destination = "/data"
      }

      resources {
        cpu    = 200
        memory = 256
      }
    }
  }
}
