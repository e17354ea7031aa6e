//! Long trainings by libtorch that are cut off: they go on where they were, and end with the same bytes.

use crate::pieces::is_done_in_pieces;

/// In mini-batches; each leaves a state.
const LONG: &[&str] = &["fit", "--set", "runs=1", "--set", "epochs=150", "--set", "batch_size=20"];

#[test]
fn a_killed_training_goes_on() {
    is_done_in_pieces(LONG);
}
