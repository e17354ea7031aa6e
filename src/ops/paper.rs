//! Tests: the paper's whole pipeline, expanded with its ops. Task counts are worked out by hand.

use std::path::Path;

use hspipe_engine::graph::{Graph, Notice};
use hspipe_engine::settings::Settings;
use hspipe_engine::spec::Spec;

use super::registry;

const PIPELINE: &str = include_str!("../../pipeline.yaml");

fn graph(sets: &[&str]) -> (Spec, Graph) {
    let spec = Spec::parse(PIPELINE, "pipeline.yaml").unwrap();
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let settings = Settings::resolve(&spec, None, &sets).unwrap();
    let graph = Graph::expand(&spec, &settings, &registry(Path::new("."))).unwrap();
    (spec, graph)
}

/// How many tasks of `stage` the words need.
fn needed(graph: &Graph, spec: &Spec, words: &[&str], stage: &str) -> usize {
    let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
    let tasks = graph.closure(&graph.select(spec, &words).unwrap());
    tasks.into_iter().filter(|task| graph.stage_of(*task).name == stage).count()
}

#[test]
fn retraining_has_675_networks_from_15_sets() {
    let (spec, graph) = graph(&["datasets=[MNIST]"]);
    let words = ["retrain[strategy=stragglers, reduce=easy]"];
    // 3 train ratios * 5 sets * 9 remaining ratios * 5 runs
    assert_eq!(needed(&graph, &spec, &words, "retrain"), 675);
    assert_eq!(needed(&graph, &spec, &words, "split"), 135);
    assert_eq!(needed(&graph, &spec, &words, "search"), 15);
    assert_eq!(needed(&graph, &spec, &words, "fit"), 0);
    // 5 remaining ratios where hard samples are reduced: 3 * 5 * 5 * 5
    assert_eq!(needed(&graph, &spec, &["retrain[strategy=energy, reduce=hard]"], "retrain"), 375);
}

#[test]
fn figure8_needs_what_its_panels_need() {
    let (spec, graph) = graph(&[]);
    let count = |words: &[&str], stage| needed(&graph, &spec, words, stage);
    assert_eq!(count(&["figure8a"], "search"), 15);
    assert_eq!(count(&["figure8a"], "fit"), 0, "stragglers need no training for confidence");
    assert_eq!(count(&["figure8a"], "search_clean"), 0);
    assert_eq!(count(&["figure8a"], "load"), 1);
    assert_eq!(count(&["figure8b"], "fit"), 15);
    assert_eq!(count(&["figure8b"], "search"), 0);
    assert_eq!(count(&["figure8b"], "search_clean"), 15);
    assert_eq!(count(&["figure8d"], "accuracy"), 100);
    // Three datasets by stragglers; confidence and energy on MNIST share one training per set.
    assert_eq!(count(&["figure8"], "search"), 45);
    assert_eq!(count(&["figure8"], "fit"), 15);
    assert_eq!(count(&["figure8"], "accuracy"), 300);
    assert_eq!(count(&["figure8"], "identify"), 45 + 30);
    assert_eq!(count(&["overlap[dataset=MNIST]"], "identify"), 45);
}

#[test]
fn the_other_figures() {
    let (spec, graph) = graph(&[]);
    let count = |words: &[&str], stage| needed(&graph, &spec, words, stage);
    assert_eq!(count(&["figure2"], "radii"), 100);
    assert_eq!(count(&["figure6"], "radii"), 200);
    assert_eq!(count(&["figure3"], "retrain"), 3 * 675);
    assert_eq!(count(&["figure4"], "retrain"), 3 * 375);
    assert_eq!(count(&["figure5"], "retrain"), 3 * (675 + 375));
    assert_eq!(count(&["figure7"], "retrain"), 3 * (675 + 375));
    // Figures 3 and 4 on three datasets, and the two strategies that only Figure 7 adds on MNIST.
    assert_eq!(count(&["paper"], "retrain"), 3 * (675 + 375) + 2 * (675 + 375));
}

#[test]
fn any_parameter_can_be_an_axis() {
    let sets = ["datasets=[MNIST]", "noise_ratio=[0, 0.05, 0.1]", "level=[dataset, class]"];
    let (spec, graph) = graph(&sets);
    let count = |words: &[&str], stage| needed(&graph, &spec, words, stage);
    assert_eq!(count(&["hard_counts"], "hard_counts"), 3 * 2 * 3);
    assert_eq!(count(&["hard_counts"], "identify"), 3 * 3 * 2 * 15);
    assert_eq!(count(&["hard_counts"], "search"), 3 * 15, "levels share a search");
    assert_eq!(count(&["hard_counts"], "search_clean"), 15, "thresholds come from clean labels");
    assert_eq!(count(&["retrain[strategy=energy, level=class, noise_ratio=0.05]"], "retrain"), 675 + 375);
}

#[test]
fn what_is_taken_away_empties_its_panels_with_a_notice() {
    let notices = |sets: &[&str]| {
        let (spec, graph) = graph(sets);
        let tasks = graph.closure(&graph.select(&spec, &["figure8".to_string()]).unwrap());
        graph.notices(&tasks).iter().map(Notice::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        notices(&["datasets=[FashionMNIST]"]),
        [
            "left out: figure8e, figure8f (load has no dataset=KMNIST now, only FashionMNIST)",
            "left out: figure8a, figure8b, figure8c, figure8d (load has no dataset=MNIST now, only FashionMNIST)",
        ]
    );
    assert_eq!(
        notices(&["strategies=[stragglers, energy]"]),
        ["left out: figure8b (hard_counts has no strategy=confidence now, only stragglers, energy)"]
    );
    assert_eq!(notices(&[]), [""; 0]);
}
