#!/bin/sh
# Runs a command as on a machine of its own: a network, process ids, mounts and a host name that this machine
# does not share, so that a kubelet changes nothing of it and nothing it starts outlives the command.
# Usage: unshare --net --mount --uts --pid --fork --mount-proc --kill-child apart.sh FOLDER COMMAND…
set -eu
folder=$1
shift

hostname test-node
ip link set lo up
# A node needs an address that is not the loopback, and a default route by which it finds that address.
ip link add node type veth peer name node-peer
ip addr add 10.210.0.1/24 dev node
ip link set node up
ip link set node-peer up
ip route add default via 10.210.0.254

# The kubelet writes these settings of the kernel and ends if it cannot: here it writes to files.
for pair in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  path=/proc/sys/${pair%%=*}
  file=$folder/$(echo "${pair%%=*}" | tr / .)
  echo "${pair##*=}" >"$file"
  if [ -e "$path" ]; then mount --bind "$file" "$path"; fi
done

# Where a container engine and a kubelet keep what no option of theirs names, and listen by default.
for path in /run /var/lib /var/log; do
  mount -t tmpfs -o mode=755 tmpfs "$path"
done

exec "$@"
