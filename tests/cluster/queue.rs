//! The queue of kind slurm against a real SLURM, with a shell script in the place of hspipe.

use std::fs;

use hspipe_engine::away::Array;

use crate::run::{Run, executable, packs, running};
use crate::slurm::{Slurm, wait_until};

#[test]
#[ignore = "needs SLURM"]
fn each_pack_has_one_element_from_first_to_last() {
    let (slurm, run) = (Slurm::start(), Run::new());
    let mut surroundings = slurm.surroundings(&run.program());
    // As some sites have it: nothing of the environment comes along by itself.
    for (name, value) in [("SBATCH_EXPORT", "NONE"), ("HSPIPE_MARK", "it's\nhere"), ("SQUEUE_FORMAT", "%i")] {
        surroundings.variables.insert(name.into(), value.into());
    }
    let mut queue = run.queue(surroundings, "slots: 3");
    assert_eq!(queue.alive(&[]).unwrap(), []);
    let arrays = queue.submit(&run.order(0, 5)).unwrap();
    assert_eq!(arrays.len(), 1);
    wait_until("three run", || running(&queue.alive(&arrays).unwrap()).len() == 3);
    let alive = queue.alive(&arrays).unwrap();
    assert!(alive.iter().all(|element| element.node.is_some() == element.is_running), "{alive:?}");
    assert_eq!(packs(alive), [0, 1, 2, 3, 4, 5]);
    let waiting = queue.alive(&arrays).unwrap().iter().find(|element| !element.is_running).unwrap().pack;
    assert_eq!(queue.reason(&arrays[0], waiting).unwrap(), "PENDING (JobArrayTaskLimit)");
    fs::write(run.path("go"), "").unwrap();
    wait_until("all have ended", || queue.alive(&arrays).unwrap().is_empty());
    for pack in 0..6 {
        assert!(run.path(&format!("done-{pack}")).exists());
        assert_eq!(run.log(pack), format!("work {pack} it's\nhere\n"));
    }
    wait_until("SLURM has written of all", || slurm.ended().len() >= 6);
    assert_eq!(slurm.ended().len(), 6);
    queue.cancel(&arrays).expect("those that have ended are passed over");
}

/// A thousand packs and more, over both borders of a thousand. Whatever runs writes its own log.
#[test]
#[ignore = "needs SLURM"]
fn an_order_may_be_longer_than_an_array() {
    let (slurm, run) = (Slurm::start(), Run::new());
    let mut queue = run.queue(slurm.surroundings(&run.program()), "slots: 100");
    let arrays = queue.submit(&run.order(998, 2001)).unwrap();
    let ends: Vec<(usize, usize)> = arrays.iter().map(|array| (array.first, array.last)).collect();
    assert_eq!(ends, [(998, 999), (1000, 1999), (2000, 2001)]);
    let all = queue.alive(&arrays).unwrap();
    assert_eq!(packs(all), (998..=2001).collect::<Vec<_>>());
    wait_until("some run", || running(&queue.alive(&arrays).unwrap()).len() == 4);
    for pack in running(&queue.alive(&arrays).unwrap()) {
        wait_until("it has written its log", || run.log(pack) == format!("work {pack} \n"));
    }
    queue.cancel(&arrays).unwrap();
    wait_until("none is left", || queue.alive(&arrays).unwrap().is_empty());
}

#[test]
#[ignore = "needs SLURM"]
fn a_cancelled_array_is_told_and_others_go_on() {
    let (slurm, run) = (Slurm::start(), Run::new());
    let mut queue = run.queue(slurm.surroundings(&run.program()), "");
    let first = queue.submit(&run.order(0, 1)).unwrap();
    let second = queue.submit(&run.order(2, 3)).unwrap();
    let both = [first.clone(), second.clone()].concat();
    wait_until("all have begun", || (0..4).all(|pack| !run.log(pack).is_empty()));
    queue.cancel(&first).unwrap();
    wait_until("two are gone", || packs(queue.alive(&both).unwrap()) == [2, 3]);
    assert!(run.log(0).contains("told to end") && !run.log(2).contains("told to end"));
    let reason = queue.reason(&first[0], 0).unwrap();
    assert!(reason.starts_with("CANCELLED, exit code 143, on n"), "{reason}");
    assert!(queue.alive(&first).unwrap().is_empty());

    // What SLURM has never heard of, or has forgotten, is no error either.
    let unknown = |id: &str| Array { id: id.into(), first: 0, last: 9 };
    assert_eq!(queue.alive(&[unknown("777777")]).unwrap(), []);
    assert_eq!(queue.alive(&[unknown("777777"), unknown("888888")]).unwrap(), []);
    let mixed = [vec![unknown("777777")], second].concat();
    assert_eq!(packs(queue.alive(&mixed).unwrap()), [2, 3]);
    assert_eq!(queue.reason(&unknown("777777"), 3), None);
    queue.cancel(&mixed).unwrap();
    wait_until("none is left", || queue.alive(&mixed).unwrap().is_empty());
}

/// By SLURM's rule it would wait for two minutes. At once is too early: it would fail for good.
#[test]
#[ignore = "needs SLURM"]
fn a_requeued_element_starts_again_soon() {
    let (slurm, run) = (Slurm::start(), Run::new());
    let mut queue = run.queue(slurm.surroundings(&run.program()), "");
    let arrays = queue.submit(&run.order(7, 7)).unwrap();
    wait_until("it has begun", || !run.log(7).is_empty());
    slurm.asks("scontrol", &["requeue", &format!("{}_7", arrays[0].id)]);
    let is_held = || slurm.asks("squeue", &["--noheader", "--format=%r"]).trim() == "BeginTime";
    wait_until("it is held", is_held);
    let start = || {
        let mut squeue = slurm.command("squeue", &["--noheader", "--format=%S"]);
        let output = squeue.env("SLURM_TIME_FORMAT", "%s").output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse::<u64>().unwrap()
    };
    let before = start();
    assert!(!queue.alive(&arrays).unwrap()[0].is_running);
    assert!(start() + 60 < before, "it was let go");
    wait_until("it has begun again", || {
        assert_eq!(packs(queue.alive(&arrays).unwrap()), [7]);
        run.log(7).matches("work 7").count() == 2
    });
}

#[test]
#[ignore = "needs SLURM"]
fn without_a_controller_nothing_is_concluded() {
    let (slurm, run) = (Slurm::start(), Run::new());
    let mut queue = run.queue(slurm.surroundings(&run.program()), "");
    let arrays = queue.submit(&run.order(0, 0)).unwrap();
    wait_until("it has begun", || !run.log(0).is_empty());
    slurm.stop_controller();
    let error = queue.alive(&arrays).unwrap_err();
    assert!(error.may_pass && error.what.contains("Unable to contact slurm controller"), "{error}");
    assert!(queue.submit(&run.order(1, 1)).unwrap_err().may_pass);
    assert!(queue.cancel(&arrays).unwrap_err().may_pass);
    slurm.start_controller();
    wait_until("it answers for the node", || running(&queue.alive(&arrays).unwrap()) == [0]);
    fs::write(run.path("go"), "").unwrap();
    wait_until("it has ended", || queue.alive(&arrays).unwrap().is_empty());
    assert!(run.path("done-0").exists());
}

#[test]
#[ignore = "needs SLURM"]
fn what_slurm_refuses_leaves_nothing_behind() {
    let (slurm, run) = (Slurm::start(), Run::new());
    let mut queue = run.queue(slurm.surroundings(&run.program()), "options: [--partition=nix]");
    let error = queue.submit(&run.order(0, 3)).unwrap_err();
    assert!(!error.may_pass && error.what.contains("invalid partition specified: nix"), "{error}");

    // The second of two arrays is refused: the first one is taken back.
    let bin = run.path("bin");
    fs::create_dir(&bin).unwrap();
    executable(
        &bin.join("sbatch"),
        "#!/bin/sh\ncase \"$*\" in *array=0-*) echo 'sbatch: error: Too many' >&2; exit 1; esac\nexec /usr/bin/sbatch \"$@\"\n",
    );
    let mut surroundings = slurm.surroundings(&run.program());
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    surroundings.variables.insert("PATH".into(), path.into());
    let mut queue = run.queue(surroundings.clone(), "");
    assert_eq!(queue.submit(&run.order(999, 1000)).unwrap_err().what, "sbatch: Too many");
    let jobs = || slurm.asks("squeue", &["--noheader", "--array", "--format=%F_%K"]);
    wait_until("none is left", || jobs().trim().is_empty());

    // The answer is lost, but not the array.
    executable(
        &bin.join("sbatch"),
        "#!/bin/sh\n/usr/bin/sbatch \"$@\" >/dev/null\necho 'sbatch: error: Socket timed out on send/recv' >&2\nexit 1\n",
    );
    let arrays = queue.submit(&run.order(0, 0)).unwrap();
    assert_eq!(jobs().trim(), format!("{}_0", arrays[0].id));
}
