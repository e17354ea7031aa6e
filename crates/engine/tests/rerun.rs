//! What a second run computes: what has changed and what follows from it, nothing else.

mod common;

use std::collections::BTreeSet;

use common::{ALL, Ask, Lab, expand, fake_ops};
use hspipe_engine::graph::{Id, TaskId};
use hspipe_engine::plan::Counts;
use hspipe_engine::spec::Spec;

const PIPELINE: &str = "
params: {seed: 7, datasets: [mnist, kmnist], runs: 2, epochs: 10, level: dataset, unread: 1}
axes:
  dataset: $datasets
  set: {count: $runs}
stages:
  load: {axes: [dataset]}
  train:
    axes: [dataset, set]
    inputs: {images: load.images}
    params: {epochs: $epochs}
    seed_by: [dataset, set]
  identify:
    axes: [dataset, set]
    inputs: {labels: load.labels, scores: train.scores}
    params: {level: $level}
  summary: {axes: [dataset], inputs: {hard: identify}}
  plot: {inputs: {summaries: summary}}
";

/// Each on one thread and on four: what is computed must not depend on who computes it.
fn on_one_and_four_threads(pipeline: &'static str, test: impl Fn(&Lab)) {
    for threads in [1, 4] {
        test(&Lab::new(pipeline, threads));
    }
}

/// The names of the tasks of each stage, sorted: for each dataset, and for the sets in `sets` where
/// it has sets.
fn tasks(stages: &[&str], sets: std::ops::Range<usize>) -> Vec<String> {
    let mut names = Vec::new();
    for stage in stages {
        for dataset in ["mnist", "kmnist"] {
            match *stage {
                "plot" => names.push("plot".to_string()),
                "load" | "summary" => names.push(format!("{stage}[dataset={dataset}]")),
                _ => names.extend(sets.clone().map(|set| format!("{stage}[dataset={dataset}, set={set}]"))),
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

#[test]
fn a_second_run_computes_nothing() {
    on_one_and_four_threads(PIPELINE, |lab| {
        let first = lab.complete(&[]);
        assert_eq!(first.computed(), tasks(&["load", "train", "identify", "summary", "plot"], 0..2));
        let second = lab.complete(&[]);
        assert!(second.computed().is_empty() && second.report.reused.is_empty());
        let everything = second.graph.tasks.ids();
        assert_eq!(second.before.count(everything), Counts { cached: 13, ..Counts::default() });
    });
}

#[test]
fn more_runs_compute_the_new_sets_and_what_gathers_them() {
    on_one_and_four_threads(PIPELINE, |lab| {
        lab.complete(&[]);
        let ran = lab.complete(&["runs=5"]);
        let mut expected = tasks(&["train", "identify"], 2..5);
        expected.extend(tasks(&["summary", "plot"], 0..0));
        expected.sort();
        assert_eq!(ran.computed(), expected);
    });
}

#[test]
fn a_changed_parameter_reruns_its_op_and_what_follows() {
    on_one_and_four_threads(PIPELINE, |lab| {
        lab.complete(&[]);
        assert_eq!(lab.complete(&["level=class"]).computed(), tasks(&["identify", "summary", "plot"], 0..2));
        assert_eq!(
            lab.complete(&["epochs=20"]).computed(),
            tasks(&["train", "identify", "summary", "plot"], 0..2)
        );
        let unread = lab.complete(&["unread=2"]);
        assert!(unread.computed().is_empty(), "no op declares it");
    });
}

#[test]
fn going_back_computes_nothing() {
    on_one_and_four_threads(PIPELINE, |lab| {
        let first = lab.complete(&[]);
        lab.complete(&["epochs=20", "runs=1"]);
        let back = lab.complete(&["epochs=10.0"]);
        assert!(back.computed().is_empty());
        assert_eq!(back.before.count(back.graph.tasks.ids()).cached, first.graph.tasks.len());
    });
}

#[test]
fn an_unchanged_output_stops_the_rerun() {
    const CUT: &str = "
params: {epochs: 10}
stages:
  load: {}
  train: {inputs: {images: load}, params: {epochs: $epochs}}
  identify: {inputs: {scores: train}, params: {constant: the same hard samples}}
  summary: {inputs: {hard: identify}}
  plot: {inputs: {summaries: summary}}
";
    on_one_and_four_threads(CUT, |lab| {
        lab.complete(&[]);
        let ran = lab.complete(&["epochs=20"]);
        assert_eq!(ran.computed(), ["identify", "train"]);
        assert_eq!(ran.names(&ran.report.reused), ["plot", "summary"]);
    });
}

#[test]
fn a_table_that_changes_reruns_its_own_readers_only() {
    const TABLES: &str = "
params: {epochs: 10}
stages:
  train: {params: {epochs: $epochs, constant: {scores: the same}}}
  identify: {inputs: {scores: train.scores}}
  curves: {inputs: {history: train.history}}
";
    on_one_and_four_threads(TABLES, |lab| {
        lab.complete(&[]);
        assert_eq!(lab.complete(&["epochs=20"]).computed(), ["curves", "train"]);
    });
}

#[test]
fn the_same_work_is_done_once() {
    // `noisy` makes the bytes of `subset`, as noise of ratio 0 does; only then are the two searches
    // the same.
    const SEARCHES: &str = "
params: {seed: 7}
axes: {set: {count: 3}}
stages:
  subset: {params: {constant: samples}}
  noisy: {inputs: {samples: subset}, params: {constant: samples}}
  search: {axes: [set], inputs: {samples: noisy}, seed_by: [set]}
  search_clean: {op: search, axes: [set], inputs: {samples: subset}, seed_by: [set]}
  twin: {op: search, axes: [set], inputs: {samples: subset}, seed_by: [set], role: search}
  other_role: {op: search, axes: [set], inputs: {samples: subset}, seed_by: [set], role: other}
  other_seed: {op: search, axes: [set], inputs: {samples: subset}, seed_by: []}
";
    on_one_and_four_threads(SEARCHES, |lab| {
        let ran = lab.complete(&[]);
        let searches = ran.log.batches().concat().into_iter().filter(|work| work.op == "search").count();
        assert_eq!(searches, 3 + 3 + 1, "three for one role, three for another, one drawn once for all sets");
        assert_eq!(ran.report.reused.len(), 3 + 3 + 2);
        let digest = |task: &str| ran.object(lab, task);
        assert_eq!(digest("search[set=1]"), digest("search_clean[set=1]"));
        assert_ne!(digest("search[set=1]"), digest("search[set=0]"));
        assert_ne!(digest("search[set=1]"), digest("other_role[set=1]"));
        assert_eq!(digest("other_seed[set=0]"), digest("other_seed[set=1]"));
    });
}

#[test]
fn a_stage_by_another_name_recomputes_nothing() {
    let mut lab = Lab::new(PIPELINE, 1);
    lab.complete(&[]);
    lab.text = PIPELINE.replace("  train:", "  training:\n    op: train").replace("train.", "training.");
    let ran = lab.complete(&[]);
    assert_eq!((ran.computed(), ran.report.reused.len()), (Vec::new(), 0));
    assert!(ran.graph.stage("training").is_some_and(|stage| stage.tasks.len() == 4));
}

#[test]
fn a_gather_reruns_when_the_coordinates_of_its_tables_change() {
    // `set` enters no key of `member`: what is another to `summary` is one work to `member`.
    const GATHER: &str = "
params: {sets: [0, 1]}
axes: {set: $sets}
stages:
  member: {axes: [set]}
  summary: {inputs: {members: member}}
";
    on_one_and_four_threads(GATHER, |lab| {
        assert_eq!(lab.complete(&[]).computed(), ["member[set=0]", "summary"]);
        assert_eq!(lab.complete(&["sets=[0, 2]"]).computed(), ["summary"]);
    });
}

#[test]
fn force_reruns_a_stage_and_the_same_bytes_nothing_below() {
    on_one_and_four_threads(PIPELINE, |lab| {
        lab.complete(&[]);
        let ran = lab.run(Ask { force: &["train"], ..ALL });
        assert_eq!(ran.computed(), tasks(&["train"], 0..2));
        assert_eq!(ran.names(&ran.report.reused), tasks(&["identify", "summary", "plot"], 0..2));
    });
}

#[test]
fn a_target_computes_what_it_needs() {
    on_one_and_four_threads(PIPELINE, |lab| {
        let ran = lab.run(Ask { words: &["identify[dataset=mnist, set=1]"], ..ALL });
        let needed = ["identify[dataset=mnist, set=1]", "load[dataset=mnist]", "train[dataset=mnist, set=1]"];
        assert_eq!(ran.computed(), needed);
    });
}

#[test]
fn a_place_is_no_part_of_a_seed() {
    const PLACES: &str = "
params: {seed: 7}
axes: {dataset: [./a, ../p/a, mnist, kmnist], set: {count: 2}}
stages:
  train: {axes: [dataset, set], seed_by: [dataset, set]}
";
    let (mut ops, _) = fake_ops(&Spec::parse(PLACES, "pipeline.yaml").unwrap(), 1, &[]);
    ops.set_places(|axis, value| axis == "dataset" && value.as_str().is_some_and(|text| text.contains('/')));
    let (_, _, graph) = expand(PLACES, &[], &ops).unwrap();
    let seed = |task: usize| graph.tasks[TaskId::at(task)].seed.as_ref().unwrap().draw(0);
    let seeds: Vec<u32> = (0..8).map(seed).collect();
    assert_eq!(seeds[..2], seeds[2..4]);
    assert_eq!(seeds.iter().collect::<BTreeSet<_>>().len(), 6, "{seeds:?}");
    let by = |task: usize| {
        graph.tasks[TaskId::at(task)].seed.as_ref().unwrap().by.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!((by(0), by(4)), (vec!["set".to_string()], vec!["dataset".to_string(), "set".to_string()]));
}
