# The plugin's configuration, for all agents: /etc/pannier/pannier.hcl. Mesos names the endpoint, and the files of
# `pannier mesos config` say what suits Mesos: scope, outages, state_dir.

cluster "ceph" {
  conf     = "/etc/ceph/ceph.conf"
  user     = "pannier"
  key_file = "/etc/pannier/ceph.key"
  pool     = "rbd"

  # What one agent may offer, and its volumes take, in all.
  quota = "500GiB"
}
