id        = "[[ .app.name ]]"
name      = "${NOMAD_JOB}-data"
type      = "csi"
plugin_id = "ceph-rbd"

capability {
  access_mode     = "single-node-writer"
  attachment_mode = "file-system"
}

secrets {
  userID  = "{{ with secret \"kv/ceph\" }}{{ .Data.user }}{{ end }}"
  userKey = "${lookup(var.keys,"nomad")}"
}
