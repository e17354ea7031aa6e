//! The paper's whole pipeline, expanded with fake ops.

mod common;

use common::graph;

const PIPELINE: &str = include_str!("../../../pipeline.yaml");

/// Networks that are known by their seeds stay those: the first draw at the last point of every
/// stage of the paper that draws.
#[test]
fn seeds_are_those_of_the_published_networks() {
    let (_, graph) = graph(PIPELINE, &["datasets=[MNIST, CIFAR10]"]);
    let seed = |name: &str| {
        let last = graph.stage(name)?.tasks.clone().next_back()?;
        Some(graph.tasks[last].seed.as_ref()?.draw(0))
    };
    let published = [
        ("noise", 1586447228),
        ("search", 2787523083),
        ("search_clean", 2787523083),
        ("fit", 3759023577),
        ("accuracy", 1917052024),
        ("radii", 779212833),
        ("radii_cifar10", 2918895412),
        ("split", 1897800611),
        ("retrain", 3510156976),
    ];
    for (stage, expected) in published {
        assert_eq!(seed(stage), Some(expected), "{stage}");
    }
}
