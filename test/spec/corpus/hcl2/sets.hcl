# One volume for each broker, and one for what they share.
variable "brokers" {
  type = number
  default = 3 # see the job

  validation {
    condition = var.brokers>0&&var.brokers<=9
    error_message = "Between 1 and 9."
  }
}

locals {
  prefix = "kafka"
  sizes = { small = "10GiB", large : "100GiB" }
  racks = [for r in [ "R1","R2" ] : upper( r )]
}


volume "broker" {
  count = var.brokers
  id = "${ local.prefix }[${count.index}]"
  name = "${local.prefix}-${ count.index+1 }"
  plugin_id = "ceph-rbd"
  capacity_min = var.brokers>3?local.sizes["small"]:local.sizes.large
  capability {
    access_mode = "single-node-writer"
    attachment_mode = "file-system"
  }
  parameters {
    note = <<-EOT
      rack ${local.racks[0]}
    EOT
    offset = -1
    other  = var.brokers  -1
  }
}
