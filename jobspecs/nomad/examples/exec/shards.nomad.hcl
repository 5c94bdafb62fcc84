# Three databases, each with the volume of its own number: shard[0], shard[1] and shard[2].
#
#   pannier volume create shards.volume.hcl
#   nomad job run exec/shards.nomad.hcl

job "shards" {
  group "shard" {
    count = 3

    network {
      port "redis" {}
    }

    volume "data" {
      type            = "csi"
      source          = "shard"
      per_alloc       = true
      access_mode     = "single-node-writer"
      attachment_mode = "file-system"
    }

    service {
      name     = "shard-${NOMAD_ALLOC_INDEX}"
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
