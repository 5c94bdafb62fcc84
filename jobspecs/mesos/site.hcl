# What `pannier mesos config` writes the files of Mesos agents from. What is left out has the value that is shown
# behind "default".

plugin {
  # Where the program and the plugin's configuration are on the agents.
  command = "/usr/bin/pannier"         # default
  config  = "/etc/pannier/pannier.hcl" # default

  # Mesos takes letters, digits and underscores, in parts separated by dots.
  type = "csi.pannier.rbd" # default

  # What one plugin takes of an agent; memory is in MiB.
  cpus   = 0.2 # default
  memory = 256 # default
}

# Disks in offers. Its name is what Mesos calls it, for good.
provider "ceph_rbd" {
  # Offers go to frameworks of this role alone; default: to all.
  role = "storage"

  # What the plugin remembers of this machine. It must be there, on a shared mount.
  state_dir = "/var/lib/pannier" # default

  # How often Mesos asks for volumes and capacity.
  reconcile_seconds = 60 # default
}

# Volumes that tasks name themselves, through the isolator volume/csi.
tasks {
  # The same, for a plugin of its own: two plugins on one machine keep nothing in one folder.
  state_dir = "/var/lib/pannier-tasks" # default

  # Instead of having the agent start one: a plugin that runs already.
  # endpoint = "unix:///run/pannier/csi.sock"
}

# What frameworks choose from. A profile never changes: give another one another name.
profile "rbd-ext4" {
  file_system = "ext4"
  mount_flags = ["noatime"]
  access_mode = "single-node-writer" # default

  # As in docs/reference/parameters.md.
  parameters {
    pool          = "rbd"
    imageFeatures = "layering,exclusive-lock,object-map,fast-diff"
  }
}

profile "rbd-block" {
  attachment_mode = "block-device"

  parameters {
    pool = "rbd"
  }
}

agent {
  # Where these files are on the agents, and Mesos's own modules.
  directory = "/etc/mesos/pannier"     # default
  modules   = "/usr/lib/mesos/modules" # default

  # All isolators of the agents. Default: the two that tasks { … } needs.
  isolation = "filesystem/linux,volume/csi"

  # How often the map of profiles is read.
  poll_interval = "30secs" # default
}
