#!/bin/sh
# A network plug-in for the tests' node (CNI 0.3.1). A pod gets an address on a cable that leads nowhere,
# which is what a cluster leaves it where a policy denies everything. Called as `loopback`, it only
# brings up the loopback.
set -eu
version='"cniVersion": "0.3.1"'
folder=$(dirname "$0")
name=$(basename "$0")

within() { nsenter --net="$CNI_NETNS" -- "$@"; }

case $CNI_COMMAND in
VERSION) echo "{ $version, \"supportedVersions\": [\"0.3.0\", \"0.3.1\"] }" ;;
ADD)
  cat >/dev/null
  if [ "$name" = loopback ]; then
    within ip link set lo up
    echo "{ $version, \"interfaces\": [], \"ips\": [] }"
    exit 0
  fi
  exec 9>"$folder/addresses.lock"
  flock 9
  number=$(($(cat "$folder/addresses" 2>/dev/null || echo 1) + 1))
  echo "$number" >"$folder/addresses"
  address=10.244.$((number / 250)).$((number % 250 + 1))/32
  within ip link add "$CNI_IFNAME" type veth peer name nowhere
  within ip addr add "$address" dev "$CNI_IFNAME"
  within ip link set "$CNI_IFNAME" up
  within ip link set nowhere up
  echo "{ $version, \"interfaces\": [{ \"name\": \"$CNI_IFNAME\", \"sandbox\": \"$CNI_NETNS\" }]," \
    "\"ips\": [{ \"version\": \"4\", \"address\": \"$address\", \"interface\": 0 }] }"
  ;;
*) cat >/dev/null ;;
esac
