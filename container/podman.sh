# podman.sh - a podman of one's own, for scripts that build and run images where there is no Docker
#
# To be sourced, with $work set to a folder on a disk: the store and the base
# system stay there for the next time. However the script ends, its containers,
# its mounts and the network namespace $namespace, if it makes that, go with it.
# shellcheck shell=sh disable=SC2154
mkdir -p "$work/conf" "$work/tmp"
cat >"$work/conf/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$work/graph"
runroot = "$work/runroot"
CONF
# No limit can be raised where CAP_SYS_RESOURCE is missing, and there may be no systemd to ask for cgroups.
cat >"$work/conf/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=8192:8192", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "$work/libpod"
[network]
network_backend = "netavark"
network_config_dir = "$work/networks"
CONF
export CONTAINERS_STORAGE_CONF="$work/conf/storage.conf" CONTAINERS_CONF="$work/conf/containers.conf" TMPDIR="$work/tmp"

namespace=postern-$$
clean_up() {
    podman rm -fa -t 2 >/dev/null 2>&1 || true
    podman pod rm -fa >/dev/null 2>&1 || true
    podman volume prune -f >/dev/null 2>&1 || true
    podman network prune -f >/dev/null 2>&1 || true
    ip netns del $namespace 2>/dev/null || true
    buildah rm -a >/dev/null 2>&1 || true # what a build has left that was interrupted
    awk -v below="$work/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount 2>/dev/null || true
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

seconds() { date +%s.%N; }
took() { echo "$2: $(echo "$1 $(seconds)" | awk '{ printf "%.1f s", $2 - $1 }')"; }

# Debian itself, once: what debian:bookworm-slim is made of
import_debian() {
    podman image exists localhost/debian:bookworm-slim && return
    started=$(seconds)
    SOURCE_DATE_EPOCH=1760000000 mmdebstrap --quiet --variant=minbase --format=tar \
        --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --aptopt='Acquire::Languages "none"' \
        --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' bookworm "$work/base.tar" \
        "$(ls /etc/apt/sources.list.d/debian.sources 2>/dev/null || echo /etc/apt/sources.list)"
    podman import --change 'CMD ["bash"]' "$work/base.tar" localhost/debian:bookworm-slim >/dev/null
    rm "$work/base.tar"
    took "$started" "base system"
}
