//! Values of axes that are written as maps: they are called by their names, and ops are given the maps.

mod common;

use common::{expand, fake_ops, graph};
use hspipe_engine::spec::Spec;
use serde_json::json;

/// Of the fake ops `dataset` takes anything, `level` takes texts.
const PIPELINE: &str = "
params: {seed: 1, datasets: [MNIST, {name: cards, path: ./x.csv, label: suit}, {path: ./y}]}
axes: {dataset: $datasets, level: $datasets}
stages:
  load: {axes: [dataset]}
  plot: {axes: [level]}
  train: {axes: [dataset], inputs: {images: load}, seed_by: [dataset]}
";

#[test]
fn a_map_is_called_by_its_name_and_means_what_it_says() {
    let (_, graph) = graph(PIPELINE, &[]);
    let of = |stage: &str| {
        let tasks = graph.stage(stage).unwrap().tasks.clone();
        tasks
            .map(|task| (graph.name(task), graph.tasks[task].params.value.as_ref().clone()))
            .collect::<Vec<_>>()
    };
    let cards = json!({"name": "cards", "path": "./x.csv", "label": "suit"});
    let load = of("load");
    let names: Vec<&str> = load.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["load[dataset=MNIST]", "load[dataset=cards]", "load[dataset=./y]"]);
    assert_eq!(load[1].1, json!({"dataset": cards}));
    assert_eq!(load[2].1, json!({"dataset": {"path": "./y"}}));
    assert_eq!(of("plot")[1].1, json!({"level": "cards"}), "a text is all that it takes");
}

#[test]
fn a_name_means_one_thing() {
    let (ops, _) = fake_ops(&Spec::parse(PIPELINE, "pipeline.yaml").unwrap(), 1, &[]);
    for (datasets, what) in [
        ("[{name: a, path: ./x}, {name: a, path: ./y}]", "two values that are called a"),
        ("[./x, {path: ./x, label: y}]", "two values that are called ./x"),
        ("[{label: y}]", "has no name"),
        ("[[1]]", "must be a text, a number or a map, not a list"),
    ] {
        let error = expand(PIPELINE, &[&format!("datasets={datasets}")], &ops).err().expect(datasets);
        assert!(error.to_string().contains(what), "{datasets}: {error}");
    }
}
