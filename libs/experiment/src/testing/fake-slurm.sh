#!/bin/bash
# Stands in for sbatch, squeue, scancel and scontrol, by the name it is called under. State lies in $FAKE_SLURM:
# calls, <job>/<index>.state, .pid; `limit` holds how many tasks may be queued. Tasks run at once, as many as the array's throttle allows.
set -u
name=$(basename "$0")
state() { cat "$FAKE_SLURM/$1/$2.state" 2>/dev/null; }
put() { echo "$3" > "$FAKE_SLURM/$1/$2.state.new" && mv "$FAKE_SLURM/$1/$2.state.new" "$FAKE_SLURM/$1/$2.state"; }
[ "$name" = fake-task ] || echo "$name $*" >> "$FAKE_SLURM/calls"

# The file may come or go at any time.
refusal=$(cat "$FAKE_SLURM/refuse-$name" 2>/dev/null)
if [ -n "$refusal" ]; then echo "$refusal" >&2; exit 1; fi
case "$name" in
sbatch)
  array=0-0 throttle=1 output=/dev/null dependency=
  for argument; do
    case "$argument" in
      --array=*) array=${argument#*=}; throttle=${array#*%}; [ "$throttle" = "$array" ] && throttle=64; array=${array%%%*} ;;
      --output=*) output=${argument#*=} ;;
      --job-name=*) jobname=${argument#*=} ;;
      --dependency=afterany:*) dependency=${argument#*:} ;;
    esac
  done
  script=${!#}
  if [ -e "$FAKE_SLURM/limit" ]; then
    live=$(cat "$FAKE_SLURM"/*/*.state 2>/dev/null | grep -c -E 'PENDING|RUNNING')
    if [ $((live + ${array#*-} - ${array%-*} + 1)) -gt "$(cat "$FAKE_SLURM/limit")" ]; then
      echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2
      echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)" >&2
      exit 1
    fi
  fi
  id=$((100 + $(ls "$FAKE_SLURM" | wc -l)))
  mkdir "$FAKE_SLURM/$id"
  echo "$jobname" > "$FAKE_SLURM/$id/name"
  for i in $(seq ${array%-*} ${array#*-}); do put $id $i PENDING; done
  (
    [ -n "$dependency" ] && while [ ! -e "$FAKE_SLURM/$dependency/ended" ]; do sleep 0.05; done
    seq ${array%-*} ${array#*-} | xargs -P "$throttle" -I{} "$(dirname "$0")/fake-task" $id {} "$output" "$script"
    touch "$FAKE_SLURM/$id/ended"
  ) > /dev/null 2>&1 < /dev/null &
  echo "$id"
  [ -e "$FAKE_SLURM/die-after-sbatch" ] && kill -9 $PPID
  ;;
fake-task)
  id=$1 i=$2 output=${3//%a/$2} script=$4
  output=${output//%%/%}
  while [ "$(state $id $i)" = PENDING ]; do
    put $id $i RUNNING
    SLURM_ARRAY_JOB_ID=$id SLURM_ARRAY_TASK_ID=$i bash "$script" >> "$output" 2>&1 &
    echo $! > "$FAKE_SLURM/$id/$i.pid"
    wait $!
    code=$?
    [ "$(state $id $i)" = RUNNING ] && { [ $code = 0 ] && put $id $i COMPLETED || put $id $i FAILED; }
  done
  exit 0
  ;;
squeue)
  job= byname=
  while [ $# -gt 0 ]; do
    case "$1" in -j) job=$2; shift ;; -n) byname=$2; shift ;; -t | -o) shift ;; esac
    shift
  done
  if [ -n "$byname" ]; then
    for folder in "$FAKE_SLURM"/*/; do [ "$(cat "$folder/name")" = "$byname" ] && basename "$folder"; done
    exit 0
  fi
  job=${job%_*}
  [ -d "$FAKE_SLURM/$job" ] || { echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1; }
  for file in "$FAKE_SLURM/$job"/*.state; do i=$(basename "$file" .state); echo "${job}_$i|$(cat "$file")|None"; done
  ;;
scancel)
  signal=KILL pending=
  for argument; do
    case "$argument" in --signal=*) signal=${argument#*=} ;; --state=PENDING) pending=1 ;; --*) ;; *) job=$argument ;; esac
  done
  for file in "$FAKE_SLURM/$job"/*.state; do
    i=$(basename "$file" .state)
    [ "$signal" != TERM ] && [ "$(cat "$file")" = PENDING ] && put $job $i CANCELLED
    [ -n "$pending" ] && continue
    [ "$(cat "$file")" = RUNNING ] || continue
    [ "$signal" = KILL ] && put $job $i CANCELLED
    kill -$signal "$(cat "$FAKE_SLURM/$job/$i.pid")"
  done
  ;;
scontrol)
  if [ "$1" = requeue ]; then put "${2%_*}" "${2#*_}" PENDING; else echo "MaxArraySize            = 11"; fi
  ;;
esac
exit 0
