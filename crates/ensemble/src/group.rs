//! The training of a group: up to eight networks, side by side, epoch after epoch.
//!
//! In: a [`Task`] and the seeds of the group. Out: [`Trained`], one per seed. A network that is done, or has
//! diverged, leaves its group, and the others move together. Knows no other groups.

use crate::bags::Bags;
use crate::dynamics::{Dynamics, Row};
use crate::init::{Layer, linear_layers};
use crate::inversion::Watch;
use crate::lanes::{LANES, Vector};
use crate::model::Model;
use crate::parameters::{Parameters, width};
use crate::pass::{self, Partition, Pass, Wanted};
use crate::radii::radii;
use crate::schedule::Schedule;
use crate::sets::SampleSet;
use crate::state::{Search, State, Turn};
use crate::task::{Start, Task};
use crate::threads::share;
use crate::trained::{Inversion, Trained, Unfinished};

/// Trains at most eight networks that have done the same number of steps.
pub fn train(task: &Task, starts: &[Start], threads: usize) -> Vec<Result<Trained, Unfinished>> {
    let first = |start: &Start| match start.state {
        Some(state) => state.layers.clone(),
        None => linear_layers(start.seed, &task.sizes),
    };
    let mut members: Vec<Member> = starts.iter().map(|start| Member::new(task, start.state)).collect();
    let layers: Vec<Vec<Layer>> = starts.iter().map(first).collect();
    let mut group = Group::new(task, starts, (0..starts.len()).collect(), &layers);
    if task.rate.momentum > 0.0 {
        // All begin, and stand still, or all go on: they have done the same number of steps.
        let kept = starts.iter().map(|start| Some(start.state?.velocity.clone()));
        group.model.velocity = Some(match kept.collect::<Option<Vec<_>>>() {
            Some(kept) => Parameters::pack(&kept),
            None => Parameters::zero(starts.len(), &task.sizes),
        });
    }
    for (place, start) in starts.iter().enumerate() {
        group.restore(place, start.state.map_or(&[], |state| &state.tracks));
    }
    let mut turn = task.keeper.map(Turn::new);
    for step in starts.first().map_or(0, Start::step).. {
        let seen = group.pass(task, step, threads);
        let mut left = Vec::new();
        for (place, seen) in seen.into_iter().enumerate() {
            let member = &mut members[group.members[place]];
            member.take(task, seen, &Place { group: &group, place });
            if member.done {
                member.trained.layers = group.model.parameters.unpack(place)
            } else {
                left.push(place)
            }
        }
        if left.is_empty() {
            break;
        }
        group.learn(task, step, threads);
        if left.len() < group.members.len() {
            group = group.keep(task, starts, &left);
        }
        let Some((keep, is_over)) = turn.as_mut().and_then(Turn::ask) else { continue };
        for place in 0..group.members.len() {
            let member = group.members[place];
            keep(starts[member].place, group.state(place, &members[member], step + 1));
        }
        if is_over {
            for (place, member) in group.members.iter().enumerate() {
                members[*member].unfinished = Some(Unfinished::Stopped);
                members[*member].trained.layers = group.model.parameters.unpack(place);
            }
            break;
        }
    }
    let is_stopped = members.iter().any(|member| member.unfinished == Some(Unfinished::Stopped));
    if let Some(samples) = task.evaluate.filter(|_| !is_stopped) {
        let layers: Vec<Vec<Layer>> = members.iter().map(|member| member.trained.layers.clone()).collect();
        let model = Model::new(Parameters::pack(&layers), samples.channels(), task.instructions);
        let chunks = evaluate(task, &model, samples, threads);
        let (classes, row) = (task.classes(), width(task.classes(), model.parameters.stride));
        for (place, member) in members.iter_mut().enumerate() {
            let logits = &mut member.trained.logits;
            logits.resize(samples.len() * classes, 0.0);
            let rows = chunks.iter().flat_map(|chunk| chunk.chunks_exact(row));
            for (to, row) in logits.chunks_exact_mut(classes).zip(rows) {
                copy_columns(row, model.parameters.stride, place, to);
            }
        }
    }
    members.into_iter().map(Member::finish).collect()
}

/// Networks in training, and what the last pass has left behind.
struct Group<'a> {
    /// Which of the seeds stands at each place.
    members: Vec<usize>,
    bags: Bags,
    model: Model,
    partitions: Vec<Partition<'a>>,
    /// Where the steps on batches work; none if a step takes all samples.
    batch: Option<Partition<'a>>,
}

impl<'a> Group<'a> {
    fn new(task: &Task<'a>, starts: &[Start], members: Vec<usize>, layers: &[Vec<Layer>]) -> Self {
        let samples = task.set.samples();
        let model = Model::new(Parameters::pack(layers), samples.channels(), task.instructions);
        let partitions = samples.partitions().iter();
        let partitions = partitions
            .map(|chunks| Partition::new(chunks, &model.parameters, task.latent_layer, task.dynamics));
        let partitions = partitions.collect();
        let bags: Vec<Option<&[bool]>> = members.iter().map(|member| starts[*member].bag).collect();
        let batch =
            task.set.batches().map(|_| Partition::new(&[], &model.parameters, task.latent_layer, false));
        Group { members, bags: Bags::new(&bags, samples.len()), model, partitions, batch }
    }

    /// Sees all samples; the networks are as the step of the epoch before has left them. One element per network.
    fn pass(&mut self, task: &Task, step: u32, threads: usize) -> Vec<Seen> {
        let before = step.checked_sub(1);
        let watched = before.filter(|epoch| task.schedule.wants_radii(*epoch));
        let last = step == task.schedule.max_epochs();
        let wanted = Wanted {
            // With batches each step has a pass of its own.
            gradient: !last && self.batch.is_none(),
            radii: watched.is_some(),
            logits: task.schedule.may_keep_logits(watched, last),
            tracks: before.filter(|_| task.dynamics),
        };
        let weights = self.bags.all();
        share(threads, self.partitions.iter_mut(), |partition| {
            let (model, instructions) = (&self.model, task.instructions);
            let Task { set, latent_layer, labels, .. } = *task;
            Pass { instructions, model, set, latent_layer, labels, weights, wanted, partition }.run();
        });
        let mut losses = [0.0; LANES];
        for partition in &self.partitions {
            losses.iter_mut().zip(partition.loss.total).for_each(|(sum, loss)| *sum += loss);
        }
        let means = losses.iter().zip(weights.counts).map(|(sum, count)| sum / count as f64);
        let means = means.take(self.members.len());
        let mut seen: Vec<Seen> = means.map(|loss| Seen { step, loss, radii: None }).collect();
        if let Some(epoch) = watched {
            let radii = radii(self.partitions.iter().map(|partition| &partition.radii), self.members.len());
            seen.iter_mut().zip(radii).for_each(|(seen, radii)| seen.radii = Some((epoch, radii)));
        }
        seen
    }

    /// Takes the steps of an epoch: one by the gradient of the last pass, or one on each batch.
    fn learn(&mut self, task: &Task<'a>, epoch: u32, threads: usize) {
        let (Some(batches), Some(partition)) = (task.set.batches(), &mut self.batch) else {
            return self.step(task, threads);
        };
        let wanted = Wanted { gradient: true, radii: false, logits: false, tracks: None };
        let Task { set, latent_layer, labels, instructions, rate, .. } = *task;
        let channels = set.samples().channels();
        for chunks in batches.of_epoch(epoch) {
            partition.chunks = chunks;
            let samples =
                chunks.first().map_or(0, |chunk| chunk.start)..chunks.last().map_or(0, |chunk| chunk.end);
            let (model, weights) = (&self.model, self.bags.of(samples));
            Pass { instructions, model, set, latent_layer, labels, weights, wanted, partition }.run();
            self.model.step(&[&partition.gradient], rate, channels, instructions, 1);
        }
    }

    /// Changes the weights by the gradient of the last pass.
    fn step(&mut self, task: &Task, threads: usize) {
        let gradients: Vec<&Parameters> =
            self.partitions.iter().map(|partition| &partition.gradient).collect();
        let channels = task.set.samples().channels();
        self.model.step(&gradients, task.rate, channels, task.instructions, threads);
    }

    /// The group of the networks at some places alone.
    fn keep(mut self, task: &Task<'a>, starts: &[Start], places: &[usize]) -> Self {
        let layers: Vec<Vec<Layer>> =
            places.iter().map(|place| self.model.parameters.unpack(*place)).collect();
        let members = places.iter().map(|place| self.members[*place]).collect();
        let mut kept = Group::new(task, starts, members, &layers);
        kept.model.velocity = self.model.velocity.as_mut().map(|velocity| {
            Parameters::pack(&places.iter().map(|place| velocity.unpack(*place)).collect::<Vec<_>>())
        });
        for (to, from) in kept.partitions.iter_mut().zip(&self.partitions) {
            for (i, place) in places.iter().enumerate() {
                to.tracks.set_rows(i, from.tracks.rows(*place));
            }
        }
        kept
    }

    /// The state of the network at a place, before the pass of `step`.
    fn state(&mut self, place: usize, member: &Member, step: u32) -> State {
        State {
            step,
            layers: self.model.parameters.unpack(place),
            losses: member.trained.losses.clone(),
            radii: member.trained.radii.clone(),
            search: member.search.clone(),
            velocity: self.model.velocity.as_mut().map_or(Vec::new(), |velocity| velocity.unpack(place)),
            tracks: self.partitions.iter().flat_map(|partition| partition.tracks.rows(place)).collect(),
        }
    }

    /// Gives the network at a place the tracks of a state, a row per sample.
    fn restore(&mut self, place: usize, tracks: &[Row]) {
        let mut rows = tracks.iter().copied();
        for partition in &mut self.partitions {
            partition.tracks.set_rows(place, &mut rows);
        }
    }
}

/// The logits of all samples, chunk by chunk: a row per sample, its classes in columns.
fn evaluate(task: &Task, model: &Model, samples: &SampleSet, threads: usize) -> Vec<Vec<Vector>> {
    let chunks: Vec<_> = samples.partitions().iter().flatten().collect();
    let mut logits = vec![Vec::new(); chunks.len()];
    share(threads, chunks.into_iter().zip(&mut logits), |(chunk, logits)| {
        *logits = pass::evaluate(task.instructions, model, samples, chunk);
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

/// One network of a group, after a pass.
struct Place<'a, 'b> {
    group: &'a Group<'b>,
    place: usize,
}

impl Place<'_, '_> {
    /// Copies the logits of the samples whose label is wanted. The pass was to keep them.
    fn copy_logits(&self, labels: &[usize], wanted: impl Fn(usize) -> bool, to: &mut [f32]) {
        let Parameters { stride, rest, .. } = &self.group.model.parameters;
        let Some(last) = rest.last() else { return };
        let partitions = self.group.partitions.iter();
        let rows = partitions.flat_map(|partition| partition.logits.chunks_exact(last.width));
        for ((to, row), label) in to.chunks_exact_mut(last.outputs).zip(rows).zip(labels) {
            if wanted(*label) {
                copy_columns(row, *stride, self.place, to);
            }
        }
    }

    fn dynamics(&self) -> Dynamics {
        let mut dynamics = Dynamics::default();
        for partition in &self.group.partitions {
            partition.tracks.append_to(self.place, &mut dynamics);
        }
        dynamics
    }
}

/// Copies the values of one network out of a row in columns.
fn copy_columns(row: &[Vector], stride: usize, network: usize, to: &mut [f32]) {
    for (unit, to) in to.iter_mut().enumerate() {
        let column = unit * stride + network;
        *to = row[column / LANES].0[column % LANES];
    }
}

/// One network's state.
struct Member {
    trained: Trained,
    search: Option<Search>,
    unfinished: Option<Unfinished>,
    done: bool,
}

impl Member {
    fn new(task: &Task, state: Option<&State>) -> Self {
        if let Some(State { losses, radii, search, .. }) = state {
            let trained = Trained { losses: losses.clone(), radii: radii.clone(), ..Trained::default() };
            return Member { trained, search: search.clone(), unfinished: None, done: false };
        }
        let search = match task.schedule {
            Schedule::Inversion { first_epoch, .. } => Some(Search {
                watch: Watch::new(task.classes(), first_epoch),
                logits: vec![0.0; task.labels.len() * task.classes()],
            }),
            Schedule::Epochs { .. } => None,
        };
        Member { trained: Trained::default(), search, unfinished: None, done: false }
    }

    /// Notes what a pass has seen and whether this network is done.
    fn take(&mut self, task: &Task, seen: Seen, place: &Place) {
        if !seen.loss.is_finite() {
            self.unfinished = Some(Unfinished::Diverged { epoch: seen.step });
            self.done = true;
            return;
        }
        if let Some((epoch, radii)) = seen.radii {
            if let Some(search) = &mut self.search {
                let inverted = search.watch.check(epoch, &radii);
                if !inverted.is_empty() {
                    place.copy_logits(task.labels, |label| inverted.contains(&label), &mut search.logits);
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
        self.trained.dynamics = task.dynamics.then(|| place.dynamics());
        if let Some(search) = &mut self.search
            && !found
        {
            let epochs = &search.watch.epochs;
            place.copy_logits(task.labels, |label| epochs[label].is_none(), &mut search.logits);
        }
    }

    fn finish(self) -> Result<Trained, Unfinished> {
        let inversion =
            self.search.map(|search| Inversion { epochs: search.watch.epochs, logits: search.logits });
        self.unfinished.map_or(Ok(Trained { inversion, ..self.trained }), Err)
    }
}
