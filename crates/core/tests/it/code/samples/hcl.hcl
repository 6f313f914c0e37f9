# The provider.
terraform {
  required_version = ">= 1.0"
}

variable "region" {
  type    = string
  default = "eu"
}

# A server.
resource "aws_instance" "web" {
  ami  = data.aws_ami.id
  tags = merge(var.tags, { Name = "web" })
  ebs_block_device {
    size = 1
  }
}

locals {
  name = "x"
}
