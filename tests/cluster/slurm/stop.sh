#!/usr/bin/env bash
# Ends what start.sh has started below a folder, and the jobs there: stop.sh FOLDER
set -uo pipefail
folder=$1

# Each process that has this SLURM's configuration in its environment: no other has.
ours() {
  local process
  for process in /proc/[0-9]*; do
    [ "${process#/proc/}" = $$ ] && continue
    if tr '\0' '\n' <"$process/environ" | grep -qxF "SLURM_CONF=$folder/slurm.conf"; then
      echo "${process#/proc/}"
    fi
  done 2>/dev/null
}

# First those that would start others, with time to tidy up; in the end whatever is left.
kill $(cat "$folder"/slurmctld.pid "$folder"/slurmd-*.pid "$folder/munge/pid" 2>/dev/null) 2>/dev/null
for _ in $(seq 20); do
  left=$(ours)
  [ -z "$left" ] && exit 0
  sleep 0.1
done
for _ in $(seq 50); do
  kill -9 $left 2>/dev/null
  sleep 0.1
  left=$(ours)
  [ -z "$left" ] && exit 0
done
echo "still there: $left" >&2
exit 1
