//! The training of a group: up to eight networks, one per lane, epoch after epoch.
//!
//! In: a [`Task`] and the seeds of the group. Out: [`Trained`], one per seed. A network that is done, or has
//! diverged, is set aside as it is, and its lane idles until the last one is done. Knows no other groups.

use crate::init::{Layer, linear_layers};
use crate::inversion::Watch;
use crate::lanes::{LANES, Vector};
use crate::lists::SampleLists;
use crate::model::Model;
use crate::parameters::Parameters;
use crate::pass::{Evaluation, Partition, Pass, Wanted};
use crate::radii::radii;
use crate::threads::share;
use crate::train::{Diverged, Inversion, Schedule, Task, Trained};

/// Trains at most eight networks.
pub fn train(task: &Task, seeds: &[u32], threads: usize) -> Vec<Result<Trained, Diverged>> {
    let samples = task.set.samples();
    let layers: Vec<Vec<Layer>> = seeds.iter().map(|seed| linear_layers(*seed, &task.sizes)).collect();
    let mut members: Vec<Member> = seeds.iter().map(|_| Member::new(task)).collect();
    let mut model = Model::new(Parameters::pack(&layers), samples.channels(), task.instructions);
    let mut partitions: Vec<Partition> =
        samples.partitions().iter().map(|chunks| Partition::new(chunks, &model.parameters)).collect();
    for step in 0.. {
        // This pass sees the networks as the step of the epoch before has left them.
        let watched = u32::checked_sub(step, 1).filter(|epoch| task.schedule.wants_radii(*epoch));
        let last = step == task.schedule.max_epochs();
        let wanted = Wanted {
            gradient: !last,
            radii: watched.is_some(),
            logits: task.schedule.may_keep_logits(watched, last),
        };
        share(threads, partitions.iter_mut(), |partition| {
            let labels = task.labels;
            task.instructions.run(Pass { model: &model, set: task.set, labels, wanted, partition });
        });
        let mut seen: Vec<Seen> = losses(&partitions, samples.len())
            .into_iter()
            .map(|loss| Seen { step, loss, radii: None })
            .collect();
        if let Some(epoch) = watched {
            let radii = radii(partitions.iter().map(|partition| &partition.radii), members.len());
            seen.iter_mut().zip(radii).for_each(|(seen, radii)| seen.radii = Some((epoch, radii)));
        }
        for (lane, (member, seen)) in members.iter_mut().zip(seen).enumerate().filter(|(_, (m, _))| !m.done) {
            member.take(task, seen, Logits { partitions: &partitions, lane });
            if member.done {
                member.trained.layers = model.parameters.unpack(lane);
            }
        }
        if members.iter().all(|member| member.done) {
            break;
        }
        let mut rates = [0.0; LANES];
        for (rate, member) in rates.iter_mut().zip(&members) {
            *rate = if member.done { 0.0 } else { task.learning_rate };
        }
        let gradients: Vec<&Parameters> = partitions.iter().map(|partition| &partition.gradient).collect();
        model.step(&gradients, rates, samples.channels(), task.instructions, threads);
    }
    drop(partitions);
    if let Some(samples) = task.evaluate {
        // As they were set aside: a lane that idles is not to be relied on.
        let layers: Vec<Vec<Layer>> = members.iter().map(|member| member.trained.layers.clone()).collect();
        let model = Model::new(Parameters::pack(&layers), samples.channels(), task.instructions);
        let vectors = evaluate(task, &model, samples, threads);
        for (lane, member) in members.iter_mut().enumerate() {
            member.trained.logits = vectors.iter().flatten().map(|vector| vector.0[lane]).collect();
        }
    }
    members.into_iter().map(Member::finish).collect()
}

/// The mean loss of each lane.
fn losses(partitions: &[Partition], samples: usize) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for partition in partitions {
        sums.iter_mut().zip(partition.loss).for_each(|(sum, loss)| *sum += loss);
    }
    sums.map(|sum| sum / samples as f64)
}

/// The logits of all samples, chunk by chunk.
fn evaluate(task: &Task, model: &Model, samples: &SampleLists, threads: usize) -> Vec<Vec<Vector>> {
    let chunks: Vec<_> = samples.partitions().iter().flatten().collect();
    let mut logits = vec![Vec::new(); chunks.len()];
    share(threads, chunks.into_iter().zip(&mut logits), |(chunk, logits)| {
        *logits = task.instructions.run(Evaluation { model, samples, chunk });
    });
    logits
}

/// What a pass has seen of one network.
struct Seen {
    /// Steps done before.
    step: u32,
    loss: f64,
    radii: Option<(u32, Vec<f64>)>,
}

/// The logits of one network in a pass that was to keep them.
struct Logits<'a, 'b> {
    partitions: &'a [Partition<'b>],
    lane: usize,
}

impl Logits<'_, '_> {
    /// Copies the rows of the samples whose label is wanted.
    fn copy(&self, labels: &[usize], wanted: impl Fn(usize) -> bool, classes: usize, to: &mut [f32]) {
        let vectors = self.partitions.iter().flat_map(|partition| partition.logits.chunks_exact(classes));
        for ((to, from), label) in to.chunks_exact_mut(classes).zip(vectors).zip(labels) {
            if wanted(*label) {
                to.iter_mut().zip(from).for_each(|(to, from)| *to = from.0[self.lane]);
            }
        }
    }
}

/// One network's state.
struct Member {
    trained: Trained,
    search: Option<Search>,
    diverged: Option<Diverged>,
    done: bool,
}

/// An inversion search.
struct Search {
    watch: Watch,
    /// training samples x classes; rows of classes that have inverted are final.
    logits: Vec<f32>,
}

impl Member {
    fn new(task: &Task) -> Self {
        let search = match task.schedule {
            Schedule::Inversion { first_epoch, .. } => Some(Search {
                watch: Watch::new(task.classes(), first_epoch),
                logits: vec![0.0; task.labels.len() * task.classes()],
            }),
            Schedule::Epochs { .. } => None,
        };
        Member { trained: Trained::default(), search, diverged: None, done: false }
    }

    /// Notes what a pass has seen and whether this network is done.
    fn take(&mut self, task: &Task, seen: Seen, logits: Logits) {
        if !seen.loss.is_finite() {
            self.diverged = Some(Diverged { epoch: seen.step });
            self.done = true;
            return;
        }
        let (labels, classes) = (task.labels, task.classes());
        if let Some((epoch, radii)) = seen.radii {
            if let Some(search) = &mut self.search {
                let inverted = search.watch.check(epoch, &radii);
                if !inverted.is_empty() {
                    logits.copy(labels, |label| inverted.contains(&label), classes, &mut search.logits);
                }
            }
            self.trained.radii.push((epoch, radii));
        }
        let found = self.search.as_ref().is_some_and(|search| search.watch.all_inverted());
        let last = seen.step == task.schedule.max_epochs();
        if !found && !last {
            self.trained.losses.push(seen.loss);
            return;
        }
        self.done = true;
        self.trained.epochs = seen.step;
        self.trained.final_loss = seen.loss;
        if let Some(search) = &mut self.search
            && !found
        {
            let epochs = &search.watch.epochs;
            logits.copy(labels, |label| epochs[label].is_none(), classes, &mut search.logits);
        }
    }

    fn finish(self) -> Result<Trained, Diverged> {
        let inversion =
            self.search.map(|search| Inversion { epochs: search.watch.epochs, logits: search.logits });
        self.diverged.map_or(Ok(Trained { inversion, ..self.trained }), Err)
    }
}
