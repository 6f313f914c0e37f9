#!/bin/bash
set -eu
source ./lib.sh
. /etc/profile

LIMIT=10
readonly NAME="x"

# Prints help.
usage() {
  local text="a"
  echo "usage: $0 $(basename "$1")"
}

function main {
  usage "$@" | grep x
}

main "$@"
