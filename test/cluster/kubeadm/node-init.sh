#!/bin/sh
# The first process of a node, in namespaces of its own: node-init.sh FOLDER HOST_NAME IMAGES. It gives the node a file system
# in which nothing it writes reaches the machine, and then stays: as long as it lives the node can be entered, and when
# it is killed the kernel ends every process of the node and takes its mounts and interfaces away.
set -eu
node=$1
hostname "$2"

# Still the machine's /proc: its number there is the one others find us by.
read -r pid _ < /proc/self/stat
mount -t proc proc /proc

# A /run of its own, so that nothing here talks to the machine's systemd or to a container runtime that it may have.
mount -t tmpfs -o mode=755 node /run
mkdir -p /run/node/files /run/node/images /run/node/layers /run/lock /run/netns
mount --bind "$node" /run/node/files
mount --bind "$3" /run/node/images

# What kubeadm, the kubelet and hostPath volumes make in these is in memory and the node's alone.
for folder in /etc /usr /var; do
  mkdir -p "/run/node/layers$folder/upper" "/run/node/layers$folder/work"
  mount -t overlay -o "lowerdir=$folder,upperdir=/run/node/layers$folder/upper,workdir=/run/node/layers$folder/work" node "$folder"
done

# These lie in the node's folder: tests look into them from outside, and containers' layers cannot lie on an overlay.
for folder in /etc/kubernetes /etc/cni/net.d /var/lib/kubelet /var/lib/containerd /var/lib/etcd /var/lib/cni /var/log/pods /var/log/containers; do
  mkdir -p "$folder" "/run/node/files$folder"
  mount --bind "/run/node/files$folder" "$folder"
done
# Debian's kubelet package makes this one; without it the kubelet of a worker complains every second.
mkdir -p /etc/kubernetes/manifests

# The kubelet wants to see the mounts that it makes for pods, and pods those of the kubelet.
mount --make-rshared /

# The kubelet sets these for the whole machine; let it believe so.
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  mkdir -p "/run/node/sysctl/${setting%/*}"
  cat "/proc/sys/$setting" > "/run/node/sysctl/$setting"
  mount --bind "/run/node/sysctl/$setting" "/proc/sys/$setting"
done

ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
# Without it an answer from a pod behind a service on the same node passes by the translation that it needs.
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables; fi

echo "$pid" > /run/node/files/init.pid.new
mv /run/node/files/init.pid.new /run/node/files/init.pid

# Waiting also reaps what the node's other processes leave behind.
while :; do
  sleep 3600 &
  wait $! || true
done
