# Writes the catalog, while nobody reads it.
#
#   nomad volume create catalog.volume.hcl
#   nomad job run docker/catalog-load.nomad.hcl

variable "image" {
  type    = string
  default = "debian:bookworm-slim"
}

job "catalog-load" {
  type = "batch"

  group "load" {
    volume "catalog" {
      type            = "csi"
      source          = "catalog"
      access_mode     = "single-node-writer"
      attachment_mode = "file-system"
    }

    task "load" {
      driver = "docker"

      config {
        image      = var.image
        entrypoint = ["/bin/sh", "-c"]
        args       = ["date >/catalog/made && sha256sum /catalog/made >/catalog/sums && sync"]
      }

      volume_mount {
        volume      = "catalog"
        destination = "/catalog"
      }
    }
  }
}
