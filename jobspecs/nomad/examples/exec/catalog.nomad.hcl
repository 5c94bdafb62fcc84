# Reads the catalog, on three machines where there are as many. It was written before, by catalog-load.
#
#   nomad job run exec/catalog.nomad.hcl

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
      driver = "exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "while sha256sum -c /catalog/sums; do sleep 5; done"]
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
