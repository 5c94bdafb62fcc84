id        = "notes"
name      = "notes"
type      = "csi"
plugin_id = "ceph-rbd"

capability { access_mode = "single-node-writer" attachment_mode = "file-system" }

parameters {
  description = <<TEXT
Notes of the team:
  kept for ten years.
TEXT
  policy = <<-EOF
    {
      "keep": "10y"
    }
    EOF
  last = "one"
}
