# Pannier on one client, controller and node in one, by the raw_exec driver.

variable "id" { type = string }
variable "release" { type = string }
variable "client" { type = string }
variable "plugin_id" { type = string }
variable "publish_dir" { type = string }
variable "node" { type = string }
variable "program" { type = string }
variable "config" { type = string }
variable "state_dir" { type = string }
variable "arms" { type = string }

job "pannier" {
  id = var.id

  meta {
    release = var.release
  }

  group "plugin" {
    constraint {
      attribute = "${node.unique.name}"
      value     = var.client
    }

    restart {
      attempts = 100
      interval = "10m"
      delay    = "1s"
      mode     = "delay"
    }

    update {
      min_healthy_time = "1s"
    }

    task "pannier" {
      driver       = "raw_exec"
      kill_timeout = "30s"

      # A crash or a pause that is asked for happens once.
      config {
        command = "/bin/sh"
        args = [
          "-c",
          "if mv \"$0\" \"$0.armed\" 2>/dev/null; then export \"$(cat \"$0.armed\")\"; fi; exec \"$@\"",
          var.arms,
          var.node, var.program, "plugin", "run", "-config=${var.config}",
        ]
      }

      env {
        PANNIER_NODE_ID   = "${node.unique.id}"
        PANNIER_STATE_DIR = var.state_dir
      }

      csi_plugin {
        id                     = var.plugin_id
        type                   = "monolith"
        mount_dir              = "/csi"
        stage_publish_base_dir = var.publish_dir
        health_timeout         = "30s"
      }

      resources {
        cpu    = 100
        memory = 256
      }
    }
  }
}
