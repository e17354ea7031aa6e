//! One pass of a group of networks over one partition of the samples: forward, loss and backward, fused.
//!
//! In: [`Model`], the training set, labels. Out: a [`Partition`] with its gradient and what was observed. No
//! array of all samples' activations is ever made: a chunk goes through the first layer, small steps of it
//! through the others and back, then its deltas into the first layer's gradient. Knows no epochs.

use std::ops::Range;

use crate::bags::Weights;
use crate::dense::{AddColumns, AddProduct, Left, fill_rows};
use crate::dynamics::{Track, Tracks};
use crate::instructions::Instructions;
use crate::lanes::{Kernel, LANES, Lanes, Vector};
use crate::loss::{self, Loss};
use crate::math::tanh;
use crate::matrix::{self, AddTransposed};
use crate::model::Model;
use crate::panel::PanelRoom;
use crate::parameters::{Parameters, width};
use crate::partition::blocks;
use crate::radii::{self, RadiusSums};
use crate::sets::{Content, SampleSet, TrainingSet};
use crate::sparse;

/// Samples that go through the small layers together: their activations stay near the processor. A multiple of
/// [`LANES`], so that each step fills whole vectors however few networks there are.
const STEP: usize = 40;

/// What a pass is to leave behind besides the loss.
#[derive(Clone, Copy)]
pub struct Wanted {
    pub gradient: bool,
    pub radii: bool,
    pub logits: bool,
    /// The epoch after which the pass sees the networks, if tracks are wanted.
    pub tracks: Option<u32>,
}

/// What a pass over a partition leaves behind, and the room that it works in.
pub struct Partition<'a> {
    /// Those of a batch may take their place.
    pub chunks: &'a [Range<usize>],
    pub gradient: Parameters,
    pub loss: Loss,
    pub radii: RadiusSums,
    /// A row per sample of the partition, its classes in columns, if wanted.
    pub logits: Vec<Vector>,
    /// Of all samples of the partition or of none; kept from pass to pass.
    pub tracks: Tracks,
    room: Room,
}

impl<'a> Partition<'a> {
    /// `parameters` gives the form, `chunks` must not be empty.
    pub fn new(
        chunks: &'a [Range<usize>],
        parameters: &Parameters,
        latent_layer: usize,
        tracks: bool,
    ) -> Self {
        let mut gradient = parameters.clone();
        gradient.fill_with_zeros();
        let samples: usize = chunks.iter().map(|chunk| chunk.len()).sum();
        Partition {
            chunks,
            gradient,
            loss: Loss::new(parameters.classes()),
            radii: RadiusSums::new(parameters.classes(), parameters.hidden(latent_layer)),
            logits: Vec::new(),
            tracks: Tracks::new(if tracks { samples } else { 0 }, parameters.stride),
            room: Room::new(parameters),
        }
    }
}

/// A pass over one partition.
pub struct Pass<'a, 'b> {
    pub instructions: Instructions,
    pub model: &'a Model,
    pub set: &'a TrainingSet,
    /// The hidden layer that radii are of.
    pub latent_layer: usize,
    /// Of all samples of the set.
    pub labels: &'a [usize],
    /// What the samples weigh in the loss.
    pub weights: Weights<'a>,
    pub wanted: Wanted,
    pub partition: &'a mut Partition<'b>,
}

impl Pass<'_, '_> {
    pub fn run(self) {
        match self.model.parameters.stride {
            1 => self.run_with::<1>(),
            2 => self.run_with::<2>(),
            4 => self.run_with::<4>(),
            _ => self.run_with::<LANES>(),
        }
    }

    fn run_with<const STRIDE: usize>(self) {
        let Pass { instructions, model, set, latent_layer, labels, weights, wanted, partition } = self;
        if wanted.gradient {
            partition.gradient.fill_with_zeros();
        }
        partition.loss.restart();
        partition.radii.clear();
        partition.logits.clear();
        let mut tracks = partition.tracks.as_mut_slice();
        let mut layers = Layers { instructions, model, room: &mut partition.room };
        for chunk in partition.chunks {
            layers.first(set.samples(), chunk);
            for start in (0..chunk.len()).step_by(STEP) {
                let step = start..(start + STEP).min(chunk.len());
                let first = chunk.start + step.start;
                let labels = &labels[first..chunk.start + step.end];
                layers.others::<STRIDE>(step.clone());
                if wanted.radii {
                    let sums = &mut partition.radii;
                    let activations = layers.room.activations[latent_layer].as_slice();
                    let width = width(model.parameters.hidden(latent_layer), STRIDE);
                    instructions.run(radii::Take::<STRIDE> { sums, labels, activations, width });
                }
                let logits = layers.room.logits(labels.len());
                if wanted.logits {
                    partition.logits.extend_from_slice(logits);
                }
                let mut of_step: &mut [Track] = &mut [];
                if wanted.tracks.is_some() {
                    (of_step, tracks) = tracks.split_at_mut(labels.len().div_ceil(LANES / STRIDE));
                }
                let (loss, epoch) = (&mut partition.loss, wanted.tracks.unwrap_or(0));
                let take =
                    loss::Take::<STRIDE> { loss, labels, logits, first, weights, epoch, tracks: of_step };
                instructions.run(take);
                if wanted.gradient {
                    layers.backward::<STRIDE>(step, &mut partition.gradient);
                }
            }
            if wanted.gradient {
                layers.first_gradient(set, chunk, &mut partition.gradient);
            }
        }
    }
}

/// The logits of one chunk of samples: a row per sample, its classes in columns.
pub fn evaluate(
    instructions: Instructions,
    model: &Model,
    samples: &SampleSet,
    chunk: &Range<usize>,
) -> Vec<Vector> {
    let mut room = Room::new(&model.parameters);
    let mut layers = Layers { instructions, model, room: &mut room };
    let mut all = Vec::new();
    layers.first(samples, chunk);
    for start in (0..chunk.len()).step_by(STEP) {
        let step = start..(start + STEP).min(chunk.len());
        match model.parameters.stride {
            1 => layers.others::<1>(step.clone()),
            2 => layers.others::<2>(step.clone()),
            4 => layers.others::<4>(step.clone()),
            _ => layers.others::<LANES>(step.clone()),
        }
        all.extend_from_slice(layers.room.logits(step.len()));
    }
    all
}

/// Activations and deltas on their way.
struct Room {
    /// Where the gradient finds the samples of a chunk that are rows.
    panel: PanelRoom,
    /// Per column group, samples of a chunk x width: sums, then deltas of the first layer.
    first: Vec<Vec<Vector>>,
    /// For each layer a row per sample of a step, outputs in columns: activations, of the last one logits, then
    /// their deltas.
    activations: Vec<Vec<Vector>>,
    /// For each layer but the last, of the same form.
    deltas: Vec<Vec<Vector>>,
    /// The first layer's columns of one sample, and one vector more.
    row: Vec<f32>,
}

impl Room {
    fn new(parameters: &Parameters) -> Self {
        let first = width(parameters.units, parameters.stride);
        let widths = [first].into_iter().chain(parameters.rest.iter().map(|layer| layer.width));
        let steps: Vec<Vec<Vector>> = widths.map(|width| vec![Vector::default(); STEP * width]).collect();
        Room {
            panel: PanelRoom::default(),
            first: vec![Vec::new(); parameters.groups.len()],
            deltas: steps[..steps.len() - 1].to_vec(),
            activations: steps,
            row: vec![0.0; (parameters.bias.len() + 1) * LANES],
        }
    }

    /// The logits of the first `samples` of a step.
    fn logits(&mut self, samples: usize) -> &mut [Vector] {
        let logits = &mut self.activations[self.deltas.len()];
        let width = logits.len() / STEP;
        &mut logits[..samples * width]
    }
}

/// The layers of a model, at work in a room.
struct Layers<'a> {
    instructions: Instructions,
    model: &'a Model,
    room: &'a mut Room,
}

impl Layers<'_> {
    /// The first layer of all samples of a chunk, before tanh.
    fn first(&mut self, samples: &SampleSet, chunk: &Range<usize>) {
        let groups = &self.model.parameters.groups;
        let first = &mut self.room.first;
        let mut bias = self.model.bias.as_slice();
        for (group, sums) in groups.iter().zip(&mut *first) {
            sums.resize(chunk.len() * group.width, Vector::default());
            let (of_group, rest) = bias.split_at(group.width);
            fill_rows(of_group, sums);
            bias = rest;
        }
        match samples.content() {
            Content::Lists(lists) => {
                for (slice, rows) in samples.lists(lists, chunk) {
                    for (group, sums) in groups.iter().zip(&mut *first) {
                        let width = group.width;
                        let operand = &group.weight[slice.start * width..slice.end * width];
                        self.instructions.run(sparse::AddRows { width, rows, operand, sums });
                    }
                }
            }
            Content::Rows(chosen) => {
                for slice in samples.slices() {
                    for (group, sums) in groups.iter().zip(&mut *first) {
                        let width = group.width;
                        let operand = &group.weight[slice.start * width..slice.end * width];
                        let (samples, rows, slice) = (chosen, chunk.clone(), slice.clone());
                        self.instructions.run(matrix::AddRows { samples, rows, slice, operand, width, sums });
                    }
                }
            }
        }
    }

    /// tanh of the first layer and all layers behind it, for some samples of the chunk.
    fn others<const STRIDE: usize>(&mut self, step: Range<usize>) {
        let Parameters { networks, units, groups, rest, .. } = &self.model.parameters;
        let Room { first, activations, row, .. } = &mut *self.room;
        let mut inputs_width = width(*units, STRIDE);
        for (activations, sample) in activations[0].chunks_exact_mut(inputs_width).zip(step.clone()) {
            let columns = groups.iter().zip(&*first);
            let columns = columns.map(|(group, sums)| &sums[sample * group.width..][..group.width]);
            if *networks == STRIDE {
                let mut left = activations;
                for columns in columns {
                    let to;
                    (to, left) = left.split_at_mut(columns.len());
                    to.copy_from_slice(columns);
                }
                continue;
            }
            for (column, to) in columns.flatten().zip(row.chunks_exact_mut(LANES)) {
                to.copy_from_slice(&column.0);
            }
            for unit in 0..*units {
                // Always the whole stride, which is one instruction: columns of no network get what stands behind.
                let from = &row[unit * networks..][..STRIDE];
                activations[unit * STRIDE / LANES].0[unit * STRIDE % LANES..][..STRIDE].copy_from_slice(from);
            }
        }
        self.instructions.run(Tanh(&mut activations[0][..step.len() * inputs_width]));
        for (i, layer) in rest.iter().enumerate() {
            let (inputs, outputs) = activations.split_at_mut(i + 1);
            let sums = &mut outputs[0][..step.len() * layer.width];
            fill_rows(&layer.bias, sums);
            let left = Left { values: &inputs[i], width: inputs_width };
            let (right, width) = (&layer.weight, layer.width);
            self.instructions.run(AddProduct::<STRIDE, false> { left, right, width, sums });
            if i + 1 < rest.len() {
                self.instructions.run(Tanh(sums));
            }
            inputs_width = layer.width;
        }
    }

    /// From the deltas of the logits back to those of the first layer, which take the place of its sums.
    fn backward<const STRIDE: usize>(&mut self, step: Range<usize>, gradient: &mut Parameters) {
        let Parameters { networks, units, groups, .. } = &self.model.parameters;
        let Room { first, activations, deltas, row, .. } = &mut *self.room;
        for (i, layer) in gradient.rest.iter_mut().enumerate().rev() {
            let (before, behind) = deltas.split_at_mut(i + 1);
            let deltas = behind.first().unwrap_or(&activations[i + 1]);
            let deltas = &deltas[..step.len() * layer.width];
            let inputs = &activations[i];
            let inputs_width = width(layer.inputs, STRIDE);
            let left = Left { values: inputs, width: inputs_width };
            let (width, sums) = (layer.width, &mut layer.weight);
            self.instructions.run(AddProduct::<STRIDE, true> { left, right: deltas, width, sums });
            self.instructions.run(AddColumns { rows: deltas, sums: &mut layer.bias });
            let sums = &mut before[i][..step.len() * inputs_width];
            sums.fill(Vector::default());
            let left = Left { values: deltas, width };
            let (right, width) = (&self.model.transposed[i], inputs_width);
            self.instructions.run(AddProduct::<STRIDE, false> { left, right, width, sums });
            self.instructions.run(TimesSlope { deltas: sums, activations: inputs });
        }
        for (deltas, sample) in deltas[0].chunks_exact(width(*units, STRIDE)).zip(step) {
            let columns = groups.iter().zip(&mut *first);
            let columns = columns.map(|(group, sums)| &mut sums[sample * group.width..][..group.width]);
            if *networks == STRIDE {
                let mut left = deltas;
                for columns in columns {
                    let from;
                    (from, left) = left.split_at(columns.len());
                    columns.copy_from_slice(from);
                }
                continue;
            }
            for unit in 0..*units {
                // The deltas in columns of no network, overwritten by the next unit, are zero: they have no weights.
                let from = &deltas[unit * STRIDE / LANES].0[unit * STRIDE % LANES..][..STRIDE];
                row[unit * networks..][..STRIDE].copy_from_slice(from);
            }
            for (column, from) in columns.flatten().zip(row.chunks_exact(LANES)) {
                column.0.copy_from_slice(from);
            }
        }
    }

    /// Adds the gradient of the first layer's bias, and of its weights less what normalisation takes away.
    fn first_gradient(&mut self, set: &TrainingSet, chunk: &Range<usize>, gradient: &mut Parameters) {
        let Room { panel, first, .. } = &mut *self.room;
        let mut bias = gradient.bias.as_mut_slice();
        for (group, deltas) in gradient.groups.iter().zip(&*first) {
            let (sums, rest) = bias.split_at_mut(group.width);
            self.instructions.run(AddColumns { rows: deltas, sums });
            bias = rest;
        }
        match set.samples().content() {
            Content::Lists(_) => {
                for block in blocks(chunk.clone()) {
                    let rows = set.block(&block);
                    for (group, deltas) in gradient.groups.iter_mut().zip(&*first) {
                        let width = group.width;
                        let operand = &deltas[(block.start - chunk.start) * width..][..block.len() * width];
                        let sums = &mut group.weight;
                        self.instructions.run(sparse::AddRows { width, rows, operand, sums });
                    }
                }
            }
            Content::Rows(samples) => {
                let row = |at: usize| samples.row(chunk.start + at);
                let panel = panel.fill(chunk.len(), set.samples().width(), row);
                for slice in set.samples().slices() {
                    for (group, operand) in gradient.groups.iter_mut().zip(&*first) {
                        let (panel, width) = (panel.slice(&slice), group.width);
                        let sums = &mut group.weight[slice.start * width..slice.end * width];
                        self.instructions.run(AddTransposed { panel, operand, width, sums });
                    }
                }
            }
        }
    }
}

/// tanh of every value.
struct Tanh<'a>(&'a mut [Vector]);

impl Kernel for Tanh<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for value in self.0 {
            tanh(L::load(value)).store(value);
        }
    }
}

/// Multiplies deltas by the slope of tanh where it gave these activations.
struct TimesSlope<'a> {
    deltas: &'a mut [Vector],
    activations: &'a [Vector],
}

impl Kernel for TimesSlope<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for (delta, activation) in self.deltas.iter_mut().zip(self.activations) {
            let activation = L::load(activation);
            let slope = activation.minus_times_plus(activation, L::splat(1.0));
            L::load(delta).times(slope).store(delta);
        }
    }
}
