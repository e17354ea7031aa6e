#!/usr/bin/env bash
# The tests of tests/cluster, all of them: against a SLURM of two nodes on this machine, GNU parallel, and folders that are
# mounted twice. Needs a Debian machine and root, for apt and for SLURM; nothing is skipped where something is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)

has_tools() {
  local tool
  for tool in sbatch slurmctld slurmd munged bindfs strace parallel; do
    PATH="$PATH:/usr/sbin" command -v $tool >/dev/null || return 1
  done
}

if ! has_tools; then
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    slurm-wlm slurm-wlm-basic-plugins munge bindfs strace parallel >/dev/null
fi

# What is built stays the user's own; only the tests run as root.
if [ ${#as_root[@]} -gt 0 ]; then
  export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="sudo --preserve-env"
fi
cargo x test -p hspipe --test cluster -- --include-ignored "$@"
