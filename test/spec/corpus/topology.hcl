id        = "cache"
name      = "cache"
type      = "csi"
plugin_id = "ceph-rbd"
namespace = "default"

capacity_min = "20GB"
capacity_max = "20GB"

topology_request {
  required {
    topology { segments { "rack" = "R2" } }
    topology { segments { "rack" = "R1", "zone" = "us-east-1a" } }
  }
  preferred {
    topology { segments { "rack" = "R1", "zone" = "us-east-1a" } }
  }
}

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}

parameters {}
