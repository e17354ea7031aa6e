//! search: samples -> a network trained until every class manifold has inverted. Next: `identify`.

use std::sync::Arc;

use hspipe_engine::op::{Capacity, Cost, InputDecl, Op, OpError, Outputs, ParamError, Task, With, one};
use serde::{Deserialize, Serialize};

use super::classes::called;
use super::training::{
    Kept, Networks, Prepared, Recipe, Training, member_tables, radii_table, weights_table,
};
use crate::nn::{Course, Inversion, LatentLayer, Schedule, Trained, argmax, margin};
use crate::tables::{Inversions, SearchScores};

pub struct Search {
    pub prepared: Arc<Prepared>,
}

type Params = With<Recipe, Own>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// The hidden layer whose activations the radii are of. The key leaves the first one out: keys
    /// are older than the choice.
    #[serde(default, skip_serializing_if = "LatentLayer::is_first")]
    latent_layer: LatentLayer,
    /// Epochs between two checks of the radii, at least 1.
    check_interval: u32,
    /// A class inverts only after it.
    first_epoch: u32,
    /// Seeds to try, at least 1.
    max_attempts: u32,
}

impl Op for Search {
    type Params = Params;
    const NAME: &'static str = "search";
    const VERSION: u32 = 1;
    const INPUTS: &'static [InputDecl] =
        &[one("images"), one("samples"), one("normalisation"), one("classes")];
    const OUTPUTS: &'static [&'static str] =
        &["member", "history", "weights", "radii", "inversions", "scores"];
    const SEEDED: bool = true;

    fn canonical(&self, mut params: Params) -> Result<Params, ParamError> {
        for (name, value) in
            [("check_interval", params.own.check_interval), ("max_attempts", params.own.max_attempts)]
        {
            if value == 0 {
                return Err(ParamError::new(name, "must be at least 1, not 0"));
            }
        }
        params.own.latent_layer = params.shared.latent_layer(params.own.latent_layer)?;
        Ok(params)
    }

    fn capacity(&self, params: &Params) -> Capacity {
        params.shared.capacity()
    }

    fn cost(&self, params: &Params) -> Cost {
        params.shared.cost_with_weights(2.0, 500_000)
    }

    fn run_batch(&self, tasks: &[Task<Params>]) -> Vec<Result<Outputs, OpError>> {
        let Some(first) = tasks.first() else { return Vec::new() };
        let With { shared: Recipe { epochs, .. }, own } = first.params;
        let prepared = || {
            possible(*epochs, own.first_epoch, own.check_interval)?;
            let training = self.prepared.training(first.inputs)?;
            training.has_all_classes(first.inputs)?;
            Ok::<_, OpError>(training)
        };
        let training = match prepared() {
            Ok(training) => training,
            Err(error) => return tasks.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut done: Vec<Option<Result<Outputs, OpError>>> = tasks.iter().map(|_| None).collect();
        let max_attempts = own.max_attempts;
        let first_attempt = |task: &Task<Params>| {
            let attempt = Kept::attempt(task.checkpoint);
            // A checkpoint of an attempt that is not made is of no use: the search begins anew.
            if attempt < max_attempts { attempt } else { 0 }
        };
        let first_attempts: Vec<u32> = tasks.iter().map(first_attempt).collect();
        for attempt in 0..max_attempts {
            // Those whose classes have not all inverted try again, together.
            let is_open = |i: &usize| done[*i].is_none() && first_attempts[*i] <= attempt;
            let open: Vec<usize> = (0..tasks.len()).filter(is_open).collect();
            if open.is_empty() {
                continue;
            }
            for (i, result) in open.iter().zip(attempt_all(&training, tasks, &open, attempt)) {
                done[*i] = match result {
                    Ok(Attempt::Inverted(tables)) => Some(Ok(tables)),
                    Ok(Attempt::Never(end)) if attempt + 1 == max_attempts => {
                        Some(Err(never_inverted(&end, &tasks[*i])))
                    }
                    Ok(Attempt::Never(_)) => None,
                    Err(error) => Some(Err(error)),
                };
            }
        }
        done.into_iter()
            .map(|result| result.unwrap_or_else(|| Err(OpError::new("no attempt was made"))))
            .collect()
    }
}

/// What became of one attempt.
enum Attempt {
    Inverted(Outputs),
    /// Some classes did not invert.
    Never(Unfinished),
}

/// Where an attempt that came to nothing stood at its end.
struct Unfinished {
    /// These classes did not invert.
    classes: Vec<usize>,
    /// Whether the network gets every sample right. It has no stragglers then, whatever its manifolds do.
    knows_all: bool,
}

/// One attempt of each task in `open`.
fn attempt_all(
    training: &Training,
    tasks: &[Task<Params>],
    open: &[usize],
    attempt: u32,
) -> Vec<Result<Attempt, OpError>> {
    let With { shared: Recipe { epochs, request }, own } = tasks[0].params;
    let Own { latent_layer, check_interval, first_epoch, max_attempts: _ } = *own;
    let schedule = Schedule::Inversion { max_epochs: *epochs, check_interval, first_epoch };
    let course = Course { latent_layer, ..Course::of(schedule) };
    let seeds: Result<Vec<u32>, OpError> = open.iter().map(|i| tasks[*i].draw_seed(attempt)).collect();
    let seeds = match seeds {
        Ok(seeds) => seeds,
        Err(error) => return open.iter().map(|_| Err(error.clone())).collect(),
    };
    let kept = Kept::of(open.iter().map(|i| tasks[*i].checkpoint).collect(), attempt, 1);
    let networks = Networks { request, course, train: &training.all(), seeds: &seeds, bags: &[] };
    let trained = training.networks(networks, tasks[0].threads, &kept);
    let judge = |(trained, seed): (Result<Trained, OpError>, u32)| {
        let trained = trained?;
        let seen =
            trained.inversion.as_ref().ok_or_else(|| OpError::new("the trainer watched no inversion"))?;
        let classes = classes_without(&seen.epochs);
        if classes.is_empty() {
            return Ok(Attempt::Inverted(tables(training, &trained, seen, seed, attempt)?));
        }
        let mut rows = trained.logits.chunks(training.classes).zip(&training.labels);
        let knows_all = rows.all(|(logits, label)| argmax(logits) as i32 == *label);
        Ok(Attempt::Never(Unfinished { classes, knows_all }))
    };
    trained.into_iter().zip(seeds).map(judge).collect()
}

/// Parameters with which a class can invert at all: there is a check after `first_epoch`. Epochs
/// count from 0.
fn possible(epochs: u32, first_epoch: u32, check_interval: u32) -> Result<(), OpError> {
    // In 64 bits, where it cannot overflow.
    let interval = u64::from(check_interval);
    let first_check = (u64::from(first_epoch) / interval + 1) * interval;
    if first_check < u64::from(epochs) {
        return Ok(());
    }
    let what = format!(
        "no class can invert: with check_interval {check_interval} and first_epoch {first_epoch} the first check is at \
         epoch {first_check}, but the {epochs} epochs end before it"
    );
    let hint = format!("raise epochs above {first_check}, or lower check_interval or first_epoch");
    Err(OpError::new(what).hint(hint).lasting())
}

/// The error of a task none of whose attempts came to anything. The next ones would come to the
/// same.
fn never_inverted(end: &Unfinished, task: &Task<Params>) -> OpError {
    let Unfinished { classes, knows_all } = end;
    if *knows_all {
        // The same for all sets, so that it is said once.
        let what = format!(
            "not every class inverted within {} epochs, in the last of {} attempts, and the network gets every sample \
             right: there are no stragglers to find",
            task.params.shared.epochs, task.params.own.max_attempts
        );
        let hint = "the samples are easy, or few. Scores, issues and a ranking by issues are there without stragglers. To search \
                    for none: --set 'strategies=[aum, self_confidence]' --set hard_share=0.05 \
                    --set 'scores=[auto, -stragglers]'";
        return OpError::new(what).hint(hint.to_string()).lasting();
    }
    let what = format!(
        "{} {} did not invert within {} epochs, in the last of {} attempts",
        if classes.len() == 1 { "class" } else { "classes" },
        called(classes, task.inputs),
        task.params.shared.epochs,
        task.params.own.max_attempts
    );
    let hint = "more epochs, a larger learning_rate or a larger subset_size help; so may more max_attempts";
    OpError::new(what).hint(hint.to_string()).lasting()
}

fn classes_without(epochs: &[Option<u32>]) -> Vec<usize> {
    let never = epochs.iter().enumerate().filter(|(_, epoch)| epoch.is_none());
    never.map(|(class, _)| class).collect()
}

fn tables(
    training: &Training,
    trained: &Trained,
    seen: &Inversion,
    seed: u32,
    attempt: u32,
) -> Result<Outputs, OpError> {
    let inversions = Inversions {
        class: (0..seen.epochs.len() as i32).collect(),
        epoch: seen.epochs.iter().flatten().map(|epoch| *epoch as i32).collect(),
    };
    let scores = |logits: &[f32]| -> (Vec<i32>, Vec<f32>) {
        let rows = logits.chunks(training.classes).zip(&training.labels);
        rows.map(|(logits, label)| (argmax(logits) as i32, margin(logits, *label as usize))).unzip()
    };
    let (predicted_last, margin_last) = scores(&trained.logits);
    let (predicted_inversion, margin_inversion) = scores(&seen.logits);
    let scores = SearchScores {
        position: (0..training.labels.len() as i32).collect(),
        label: training.labels.clone(),
        predicted_last,
        margin_last,
        predicted_inversion,
        margin_inversion,
    };
    let mut tables = member_tables(trained, seed, attempt)?;
    tables.push(("weights", weights_table(trained)?));
    tables.push(("radii", radii_table(trained)?));
    tables.push(("inversions", inversions.write()?));
    tables.push(("scores", scores.write()?));
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_needs_a_check_after_its_first_epoch() {
        let possible = |epochs: u32, first_epoch: u32, check_interval: u32| {
            possible(epochs, first_epoch, check_interval).map_err(|error| error.what)
        };
        // The checks after epoch 20 are at 25, 30, ...; the last epoch of 26 is 25.
        assert_eq!([possible(26, 20, 5), possible(2, 0, 1)], [Ok(()), Ok(())]);
        for (epochs, first_epoch, check_interval, first_check) in
            [(25, 20, 5, 25), (1, 0, 1, 1), (500, 300, 251, 502), (10, u32::MAX, 1, 4_294_967_296_u64)]
        {
            let refused = possible(epochs, first_epoch, check_interval).unwrap_err();
            assert!(refused.contains(&format!("first check is at epoch {first_check},")), "{refused}");
        }
    }
}
