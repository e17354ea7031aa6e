//! Whatever a file or a word of the command line says, there is an error or a graph, never a panic.

mod common;

use common::{expand, fake_ops};
use hspipe_engine::spec::Spec;
use proptest::prelude::*;

const PIPELINE: &str = "
params: {seed: 7, rates: [0.1, 0.2], level: dataset, runs: 2}
profiles:
  quick: {runs: 1}
axes:
  set: {count: $runs}
  rate: $rates
  kept: {by: rate, 0.1: [0, 1], 0.2: [1]}
stages:
  load: {about: images}
  train: {axes: [set, rate], inputs: {images: load.images}, seed_by: [set]}
  split: {axes: [set, rate, kept], inputs: {scores: train.scores}}
  summary:
    axes: [rate]
    inputs: {scores: 'train[set=[0, 1]].scores', splits: {from: 'split[set=0, kept=1]', when: {rate: 0.1}}}
targets:
  all: {about: everything, of: [summary, 'split[kept=1]']}
results:
  scores: {of: [train.scores], show: true}
";

/// Parses, settles and expands; whatever comes of it.
fn whatever(text: &str, sets: &[&str]) {
    if let Ok(spec) = Spec::parse(text, "pipeline.yaml") {
        let (ops, _) = fake_ops(&spec, 1, &[]);
        let _ = expand(text, sets, &ops);
    }
}

#[test]
fn the_pipeline_itself_is_sound() {
    let (ops, _) = fake_ops(&Spec::parse(PIPELINE, "pipeline.yaml").unwrap(), 1, &[]);
    expand(PIPELINE, &["runs=3"], &ops).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_pipeline_with_bytes_changed_never_panics(
        changes in prop::collection::vec((0..PIPELINE.len(), any::<u8>()), 1..6),
        cut in 0..PIPELINE.len(),
    ) {
        let mut bytes = PIPELINE.as_bytes().to_vec();
        for (place, byte) in &changes {
            bytes[*place] = *byte;
        }
        whatever(&String::from_utf8_lossy(&bytes), &[]);
        bytes.truncate(cut);
        whatever(&String::from_utf8_lossy(&bytes), &[]);
    }

    #[test]
    fn a_pipeline_with_pieces_exchanged_never_panics(
        a in 0..PIPELINE.len(), b in 0..PIPELINE.len(), length in 1..40usize,
    ) {
        let piece = |at: usize| PIPELINE[at..(at + length).min(PIPELINE.len())].to_string();
        whatever(&PIPELINE.replacen(&piece(a), &piece(b), 1), &[]);
    }

    #[test]
    fn any_set_is_taken_or_refused(value in "[a-z0-9_.=\\[\\]{},:'\"&*!|> -]{0,24}", name in 0..5usize) {
        let name = ["seed", "rates", "level", "runs", "level.x"][name];
        whatever(PIPELINE, &[&format!("{name}={value}")]);
        whatever(PIPELINE, &[&value]);
    }
}
