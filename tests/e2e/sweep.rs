//! A parameter with several values: an axis of all that depends on it, and of nothing else.

use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::project::Project;

const FIGURE: &str = "Figures/Tiny/stragglers";

#[test]
fn a_new_value_trains_only_its_own_networks_and_gets_its_own_figure() {
    let project = Project::new();
    let sweep = |values: &'static str| ["tiny_figure", "--set", values];
    project.run(&["tiny_figure"]);
    // Two searches, two identify, hard_counts and the figure of 0.4; load, subset and noise do not depend on it.
    assert!(project.run(&sweep("learning_rate=[0.3, 0.4]")).starts_with("6 tasks computed, 10 cached"));
    assert!(project.run(&sweep("learning_rate=[0.3, 0.4]")).starts_with("nothing to do: 16 tasks cached"));
    for value in ["0.3", "0.4"] {
        assert!(project.path(&format!("{FIGURE}_learning_rate={value}.png")).exists(), "{value}");
    }
    let counts = columns(&project, "hard_counts");
    assert_eq!(counts[0].0, "learning_rate");
    assert_eq!(*counts[0].1.data_type(), DataType::Float64);
    let mut rates = counts[0].1.as_primitive::<Float64Type>().values().to_vec();
    rates.dedup();
    assert_eq!(rates, [0.3, 0.4]);

    let why = project.hspipe(&["why", "search", "--set", "learning_rate=[0.3, 0.4, 0.35]"]).out;
    let missing: Vec<&str> = why.lines().filter(|line| !line.contains(": cached, ")).collect();
    assert_eq!(missing, ["search, 2 tasks: will run: learning_rate 0.3 -> 0.35"]);
    let status = project.hspipe(&["status", "tiny_figure", "--set", "learning_rate=[0.3, 0.4, 0.35]"]).out;
    assert!(status.contains("to train: 2 networks"), "{status}");
    let third = project.run(&sweep("learning_rate=[0.3, 0.4, 0.35]"));
    assert!(third.starts_with("6 tasks computed, 16 cached"), "{third}");
    // Sets of 2 runs are among those of 3: one of each stage that counts them, and what gathers them.
    let runs = project.run(&sweep("runs=[2, 3]"));
    assert!(runs.starts_with("5 tasks computed, 16 cached"), "{runs}");
    let one = project.run(&["hard_counts[strategy=stragglers, runs=3]", "--set", "runs=[2, 3]"]);
    assert!(one.starts_with("nothing to do"), "{one}");
}

#[test]
fn a_swept_parameter_stands_beside_a_column_of_its_name() {
    let project = Project::new();
    let ran =
        project.hspipe(&["run", "correlation", "--set", "seed=[1, 2]", "--set", "overfit=[true, false]"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let head: Vec<&str> = ran.out.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(head[..3], ["overfit", "seed", "dataset"], "{}", ran.out);
    let members = columns(&project, "members");
    let column = |name: &str| &members.iter().find(|(column, _)| column == name).unwrap().1;
    let roots = column("seed_parameter").as_primitive::<Int64Type>();
    assert!(roots.values().iter().all(|seed| [1, 2].contains(seed)));
    assert_eq!(*column("seed").data_type(), DataType::UInt32, "the network's own");
    // A search does not depend on how accuracy is tested.
    let overfit = column("overfit").as_string::<i32>();
    let stages = column("stage").as_string::<i32>();
    for row in 0..overfit.len() {
        assert_eq!(overfit.is_valid(row), stages.value(row) == "accuracy", "row {row}");
    }
}

/// The columns of a result.
fn columns(project: &Project, name: &str) -> Vec<(String, ArrayRef)> {
    let file = File::open(project.path(&format!("Results/{name}.parquet"))).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    let [batch] = batches.as_slice() else { panic!("{name} has {} batches", batches.len()) };
    let names = batch.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    names.into_iter().zip(batch.columns().iter().cloned()).collect()
}
