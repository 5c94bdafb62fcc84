# Writes the catalog, while nobody reads it.
#
#   nomad volume create catalog.volume.hcl
#   nomad job run exec/catalog-load.nomad.hcl

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
      driver = "exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "date >/catalog/made && sha256sum /catalog/made >/catalog/sums && sync"]
      }

      volume_mount {
        volume      = "catalog"
        destination = "/catalog"
      }
    }
  }
}
