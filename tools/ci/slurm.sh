#!/bin/bash
# A one-machine Slurm with two node daemons, for tests; Debian, as root, without systemd.
#   tools/ci/slurm.sh up DIR     installs what is missing, starts it; state lies in DIR
#   tools/ci/slurm.sh down DIR   stops it
# GMOE_SLURM_PORTS: three ports, of slurmctld and the two slurmd. Clients need SLURM_CONF=DIR/slurm.conf.
set -euo pipefail
read -r PORT PORT1 PORT2 <<< "${GMOE_SLURM_PORTS:-27817 27821 27822}"
action=${1:?up or down} D=$(mkdir -p "${2:?folder}" && cd "$2" && pwd)
export SLURM_CONF=$D/slurm.conf

stop() { # pid file
  [ -s "$1" ] && kill "$(cat "$1")" 2>/dev/null || true
}

if [ "$action" = down ]; then
  timeout 20 scancel --user=root 2>/dev/null || true
  pids=$(cat "$D"/run/{slurmd.n1,slurmd.n2,slurmctld,munged}.pid 2>/dev/null || true)
  for daemon in slurmd.n1 slurmd.n2 slurmctld munged; do stop "$D/run/$daemon.pid"; done
  for step in $(pgrep -x slurmstepd || true); do # of a node daemon that was killed: they wait for it
    ls -l "/proc/$step/fd" "/proc/$step/cwd" 2>/dev/null | grep -q " $D/" && kill -9 "$step" || true
  done
  for _ in $(seq 50); do # their last files are written when they are gone
    kill -0 $pids 2>/dev/null || exit 0
    sleep 0.2
  done
  kill -9 $pids 2>/dev/null || true
  exit 0
fi

if ! command -v slurmctld slurmd sbatch munged > /dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge
fi

mkdir -p "$D"/{run,state,log,spool/n1,spool/n2,munge}
chmod 755 "$D" "$D/run"
chmod 700 "$D/munge"
[ -e "$D/munge/key" ] || (umask 377 && head -c 1024 /dev/urandom > "$D/munge/key")
H=$(hostname -s)
cat > "$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$H(127.0.0.1)
SlurmctldPort=$PORT
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket=$D/run/munge.sock
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$D/state
SlurmdSpoolDir=$D/spool/%n
SlurmctldPidFile=$D/run/slurmctld.pid
SlurmdPidFile=$D/run/slurmd.%n.pid
SlurmctldLogFile=$D/log/slurmctld.log
SlurmdLogFile=$D/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
ReturnToService=2
SlurmdTimeout=15
KillWait=5
MinJobAge=3600
MaxArraySize=10001
JobRequeue=1
SchedulerParameters=batch_sched_delay=0,sched_interval=2
NodeName=n1 NodeHostname=$H NodeAddr=127.0.0.1 Port=$PORT1 CPUs=2 RealMemory=4000 State=UNKNOWN
NodeName=n2 NodeHostname=$H NodeAddr=127.0.0.1 Port=$PORT2 CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP DefMemPerCPU=500
CONF

munged --force --key-file="$D/munge/key" --socket="$D/run/munge.sock" --pid-file="$D/run/munged.pid" \
  --log-file="$D/log/munged.log" --seed-file="$D/munge/seed"
slurmctld -f "$SLURM_CONF"
slurmd -N n1 -f "$SLURM_CONF"
slurmd -N n2 -f "$SLURM_CONF"
for _ in $(seq 60); do
  [ "$(timeout 5 sinfo -h -t idle -o %D 2>/dev/null | head -1)" = 2 ] && exit 0
  sleep 0.5
done
echo "slurm.sh: the two nodes did not come up; see $D/log" >&2
exit 1
