#!/usr/bin/env bash
# A SLURM of two nodes on this machine, for tests: start.sh FOLDER PORT PORT PORT
#
# Everything lies below FOLDER. The ports, which nobody else may use, are those of the controller and of the nodes n1 and
# n2, each of which has two cores. Needs root, munge and slurm-wlm. What it starts has SLURM_CONF in its environment; stop.sh
# ends it by that. Partition `urgent` takes the place of jobs in `main`, which are requeued.
set -euo pipefail
folder=$1 controller=$2 first=$3 second=$4
host=$(hostname -s)
export SLURM_CONF=$folder/slurm.conf PATH=$PATH:/usr/sbin

mkdir -p "$folder"/{munge,state,spool,log}
# munge does not take a folder that others may write in.
chmod 755 "$folder" "$folder/munge"
(umask 077 && head -c 128 /dev/urandom >"$folder/munge/key")

cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$controller
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmctldPidFile=$folder/slurmctld.pid
SlurmctldLogFile=$folder/log/slurmctld
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmdLogFile=$folder/log/slurmd-%n
SlurmdSpoolDir=$folder/spool/%n
# No cgroups, no accounts: what any machine has.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
# A line for each job that has ended, for tests to count.
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/log/ended
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
# A node that is away for 10 s is down, and is back by itself.
SlurmdTimeout=10
ReturnToService=2
KillWait=5
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$first CPUs=2 RealMemory=1000 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$second CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=1:00:00 GraceTime=0 PriorityTier=1 State=UP
PartitionName=urgent Nodes=ALL MaxTime=1:00:00 PriorityTier=10 PreemptMode=OFF State=UP
CONF

munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" \
  --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
slurmctld -c
for node in n1 n2; do slurmd -N "$node"; done
for _ in $(seq 300); do
  [ "$(sinfo --noheader --partition=main --states=idle --format=%D 2>/dev/null)" = 2 ] && exit 0
  sleep 0.1
done
echo "the nodes are not idle after 30 s:" >&2
sinfo --Node --long >&2
tail -n 5 "$folder"/log/* >&2
exit 1
