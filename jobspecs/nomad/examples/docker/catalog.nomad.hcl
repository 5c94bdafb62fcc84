# Reads the catalog, on three machines where there are as many. It was written before, by catalog-load.
#
#   nomad job run docker/catalog.nomad.hcl

variable "image" {
  type    = string
  default = "debian:bookworm-slim"
}

job "catalog" {
  group "readers" {
    count = 3

    spread {
      attribute = "${node.unique.id}"
    }

    volume "catalog" {
      type            = "csi"
      source          = "catalog"
      read_only       = true
      access_mode     = "multi-node-reader-only"
      attachment_mode = "file-system"
    }

    task "read" {
      driver = "docker"

      config {
        image      = var.image
        entrypoint = ["/bin/sh", "-c"]
        args       = ["while sha256sum -c /catalog/sums; do sleep 5; done"]
      }

      volume_mount {
        volume      = "catalog"
        destination = "/catalog"
        read_only   = true
      }

      resources {
        cpu    = 50
        memory = 64
      }
    }
  }
}
