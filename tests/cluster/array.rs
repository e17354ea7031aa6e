//! The commands of docs/cluster.md for engines without a kind of their own, as they stand there: GNU parallel for real, PBS,
//! LSF and Kubernetes with scripts in their place.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;

use hspipe::executors::{Executors, Surroundings};
use hspipe_engine::away::Queue;

use crate::run::{Run, executable, packs, running};
use crate::slurm::wait_until;

/// An executor of the page in which some words are others, and whose programs are found in the folder `bin` first.
fn queue(run: &Run, name: &str, changes: &[(&str, &str)]) -> Box<dyn Queue> {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cluster.md")).unwrap();
    let blocks = page.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next());
    let mut text = blocks.filter(|block| block.starts_with(&format!("{name}:"))).last().unwrap().to_string();
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    fs::write(run.path("executors.yaml"), text).unwrap();
    let mut variables: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    let path = format!("{}:{}", run.path("bin").display(), std::env::var("PATH").unwrap());
    variables.insert("PATH".into(), path.into());
    variables.insert("FAKE".into(), run.path("fake").into());
    let executors = Executors::open(&run.path(".")).unwrap();
    executors.get(name).unwrap().queue_for(Surroundings { program: run.program(), variables })
}

/// Elements are seen from their beginning to their end, and do their packs; others are cancelled; what has ended is no error.
fn holds(run: &Run, queue: &mut dyn Queue, shows_running: bool) {
    let arrays = queue.submit(&run.order(3, 5)).unwrap();
    let single = queue.submit(&run.order(7, 7)).unwrap();
    let all = [arrays.clone(), single.clone()].concat();
    wait_until("two of three run", || !run.log(3).is_empty() && !run.log(4).is_empty());
    let alive = queue.alive(&all).unwrap();
    if shows_running {
        assert!(running(&alive).contains(&3), "{alive:?}");
    }
    assert_eq!(packs(alive), [3, 4, 5, 7]);
    wait_until("the single one runs", || !run.log(7).is_empty());
    queue.cancel(&single).unwrap();
    wait_until("it is gone", || packs(queue.alive(&all).unwrap()) == [3, 4, 5]);
    assert!(!run.path("done-7").exists());
    fs::write(run.path("go"), "").unwrap();
    wait_until("all have ended", || queue.alive(&all).unwrap().is_empty());
    for pack in 3..=5 {
        assert!(run.path(&format!("done-{pack}")).exists());
        assert_eq!(run.log(pack), format!("work {pack} \n"));
    }
    assert!(!run.path("logs/8.log").exists(), "there is no eighth pack");
    queue.cancel(&all).expect("those that have ended are passed over");
}

#[test]
#[ignore = "needs GNU parallel"]
fn by_gnu_parallel() {
    let run = Run::called("it's 100%");
    fs::write(run.path("hosts"), ":\n").unwrap();
    let hosts = format!("'{}'", run.path("hosts").display().to_string().replace('\'', r"'\''"));
    let mut queue = queue(&run, "parallel", &[("~/hosts", &hosts)]);
    holds(&run, &mut *queue, false);
}

/// Elements as processes; a file for each, which goes with it.
const FAKE: &str = r#"#!/bin/sh
mkdir -p "$FAKE"
# Starts the elements $2 to $3 of array $1, each with its number in the variable $4; the script comes by stdin.
start() {
  script=$FAKE/script.$1
  cat >"$script"
  for number in $(seq "$2" "$3"); do
    touch "$FAKE/$1.$number"
    (env "$4=$number" setsid sh "$script" & echo $! >"$FAKE/pid.$1.$number"; wait; rm -f "$FAKE/$1.$number") >/dev/null 2>&1 &
  done
}
stop() {
  for pid in "$FAKE/pid.$1".*; do kill -- "-$(cat "$pid")" 2>/dev/null; done
  rm -f "$FAKE/$1".*
}
alive() { (cd "$FAKE" && ls | grep "^$1\.[0-9]*$"); }
last() { for word in "$@"; do :; done; echo "$word"; }
"#;

fn fake(run: &Run, programs: &[(&str, &str)]) {
    fs::create_dir_all(run.path("bin")).unwrap();
    for (name, text) in programs {
        executable(&run.path("bin").join(name), &format!("{FAKE}{text}"));
    }
}

#[test]
fn by_what_stands_for_pbs() {
    let run = Run::called("it's PBS");
    let qsub = r#"
[ "$1 $3 $5 $7 $9" = "-N -r -j -o -J" ] && [ -d "$8" ] || { echo "qsub: illegal option: $*" >&2; exit 2; }
shift 9
[ "$2 $3" = "-l select=1:ncpus=2:mem=4096mb" ] && [ "$5" = walltime=600 ] || { echo "qsub: illegal resource: $*" >&2; exit 2; }
range=${1%%%*}
[ "${range%-*}" -lt "${range#*-}" ] || { echo "qsub: no range: $range" >&2; exit 2; }
id=$(($(ls "$FAKE" | wc -l) + 100))
start $id "${range%-*}" "${range#*-}" PBS_ARRAY_INDEX <"$6"
echo "$id[].server"
"#;
    // The parent is among the elements, and those that have ended are X.
    let qstat = r#"
[ -e "$FAKE/away" ] && { echo "qstat: cannot connect to server server (errno=111)" >&2; exit 111; }
shift 2
for id in "$@"; do
  number=${id%%\[*}
  [ -n "$(alive "$number")" ] || { echo "qstat: $id Job has finished, use -x or -H" >&2; code=35; continue; }
  printf 'Job Id: %s\n    Job_Name = hspipe\n    job_state = B\n\n' "$id"
  printf 'Job Id: %s[0].server\n    job_state = X\n\n' "$number"
  for element in $(alive "$number"); do
    printf 'Job Id: %s[%s].server\n    job_state = R\n    exec_host = n1/0\n\n' "$number" "${element#*.}"
  done
done
exit ${code:-0}
"#;
    let qdel = r#"
for id in "$@"; do
  number=${id%%\[*}
  [ -n "$(alive "$number")" ] || { echo "qdel: Job has finished $id" >&2; code=35; continue; }
  stop "$number"
done
exit ${code:-0}
"#;
    fake(&run, &[("qsub", qsub), ("qstat", qstat), ("qdel", qdel)]);
    let mut queue = queue(&run, "pbs", &[]);
    holds(&run, &mut *queue, true);
    fs::write(run.path("fake/away"), "").unwrap();
    let arrays = [hspipe_engine::away::Array { id: "1[].server".into(), first: 0, last: 0 }];
    let error = queue.alive(&arrays).unwrap_err();
    assert!(error.may_pass && error.what.contains("cannot connect to server"), "{error}");
}

#[test]
fn by_what_stands_for_lsf() {
    let run = Run::called("it's LSF");
    let bsub = r#"
[ "$1" = -J ] && [ "$3 $4 $6" = "-r -n -R" ] || { echo "bsub: bad option: $*" >&2; exit 255; }
range=${2##*\[}
range=${range%%\]*}
id=$(($(ls "$FAKE" | wc -l) + 100))
start $id "${range%-*}" "${range#*-}" LSB_JOBINDEX
echo "Job <$id> is submitted to default queue <normal>."
"#;
    // One that has just ended is shown as well.
    let bjobs = r#"
shift 3
for id in "$@"; do
  [ -n "$(alive "$id")" ] || { echo "Job <$id> is not found" >&2; code=255; continue; }
  echo "$id 9 DONE n1"
  for element in $(alive "$id"); do echo "$id ${element#*.} RUN n1"; done
done
exit ${code:-0}
"#;
    let bkill = r#"
for id in "$@"; do
  [ -n "$(alive "$id")" ] || { echo "Job <$id>: Job has already finished" >&2; code=255; continue; }
  stop "$id"
  echo "Job <$id> is being terminated"
done
exit ${code:-0}
"#;
    fake(&run, &[("bsub", bsub), ("bjobs", bjobs), ("bkill", bkill)]);
    let mut queue = queue(&run, "lsf", &[]);
    holds(&run, &mut *queue, true);
}

#[test]
fn by_what_stands_for_kubernetes() {
    let run = Run::called("its-pods");
    let kubectl = r#"
field() { sed -n "s/^ *\"$1\": \"*\([^\",]*\)\"*,*\$/\1/p" "$2" | head -n 1; }
case "$1 $2" in
"create --filename")
  id=$(field name "$3")
  [ "$(last "$@")" = --namespace=research ] && grep -q '"mountPath": "'"$MOUNT"'"' "$3" || { echo "error: $*" >&2; exit 1; }
  field completions "$3" >"$FAKE/count.$id"
  script=$(sed -n 's/^ *"\(\/.*\.sh\)"$/\1/p' "$3")
  start "$id" 0 $(($(field completions "$3") - 1)) JOB_COMPLETION_INDEX <"$script"
  ;;
"get jobs")
  for count in "$FAKE"/count.*; do
    id=${count##*/count.}
    ended=
    for number in $(seq 0 $(($(cat "$count") - 1))); do [ -e "$FAKE/$id.$number" ] || ended=$ended,$number; done
    condition=
    [ -n "$(alive "$id")" ] || condition=Complete
    echo "$id|${ended#,}||$condition"
  done
  ;;
"get pods")
  for count in "$FAKE"/count.*; do
    id=${count##*/count.}
    for element in $(alive "$id"); do echo "$id|${element#*.}|n1"; done
  done
  ;;
"delete jobs")
  for id in "$@"; do
    [ -e "$FAKE/count.$id" ] || continue
    stop "$id"
    rm "$FAKE/count.$id"
  done
  ;;
esac
"#;
    let mount = run.path(".").canonicalize().unwrap().display().to_string();
    let program = run.program().display().to_string();
    fake(&run, &[("kubectl", &kubectl.replace("$MOUNT", &mount))]);
    let changes = [("mount: /study", format!("mount: {mount}")), ("/usr/local/bin/hspipe", program)];
    let changes = changes.each_ref().map(|(old, new)| (*old, new.as_str()));
    let mut there = queue(&run, "k8s", &changes);
    holds(&run, &mut *there, true);
    let mut elsewhere = queue(&run, "k8s", &changes[1..]);
    let error = elsewhere.submit(&run.order(0, 0)).unwrap_err();
    assert!(error.what.contains("is not below /study"), "{error}");
}
