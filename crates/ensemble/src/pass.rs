//! One pass of a group of networks over one partition of the samples: forward, loss and backward, fused.
//!
//! In: [`Model`], the training set, labels. Out: a [`Partition`] with its gradient and what was observed. No
//! array of all samples' activations is ever made: a chunk goes through the first layer, small steps of it
//! through the others and back, then its deltas into the first layer's gradient. Knows no epochs.

use std::ops::Range;

use crate::dense::{add_columns, add_product, fill_rows, matrix, transpose};
use crate::lanes::{Kernel, LANES, Lanes, Vector};
use crate::lists::{SampleLists, TrainingSet};
use crate::loss::losses_and_deltas;
use crate::math::tanh;
use crate::model::Model;
use crate::parameters::Parameters;
use crate::partition::blocks;
use crate::radii::RadiusSums;
use crate::sparse::add_rows;

/// Samples that go through the small layers together: their activations stay in the first-level cache.
const STEP: usize = 20;

/// What a pass is to leave behind besides the loss.
#[derive(Clone, Copy)]
pub struct Wanted {
    pub gradient: bool,
    pub radii: bool,
    pub logits: bool,
}

/// What a pass over a partition leaves behind, and the room that it works in.
pub struct Partition<'a> {
    chunks: &'a [Range<usize>],
    pub gradient: Parameters,
    /// The sum over the samples, per network.
    pub loss: [f64; LANES],
    pub radii: RadiusSums,
    /// samples of the partition x classes, if wanted.
    pub logits: Vec<Vector>,
    room: Room,
}

impl<'a> Partition<'a> {
    /// `parameters` gives the form, `chunks` must not be empty.
    pub fn new(chunks: &'a [Range<usize>], parameters: &Parameters) -> Self {
        let mut gradient = parameters.clone();
        gradient.fill_with_zeros();
        let classes = parameters.rest.last().map_or(0, |layer| layer.outputs);
        Partition {
            chunks,
            gradient,
            loss: [0.0; LANES],
            radii: RadiusSums::new(classes, parameters.units),
            logits: Vec::new(),
            room: Room::new(parameters),
        }
    }
}

/// A pass over one partition.
pub struct Pass<'a, 'b> {
    pub model: &'a Model,
    pub set: &'a TrainingSet,
    /// Of all samples of the set.
    pub labels: &'a [usize],
    pub wanted: Wanted,
    pub partition: &'a mut Partition<'b>,
}

impl Kernel for Pass<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Pass { model, set, labels, wanted, partition } = self;
        let scale = 1.0 / labels.len() as f32;
        partition.gradient.fill_with_zeros();
        partition.loss = [0.0; LANES];
        partition.radii.clear();
        partition.logits.clear();
        let room = &mut partition.room;
        for chunk in partition.chunks {
            room.first_layer::<L>(model, set.samples(), chunk);
            for start in (0..chunk.len()).step_by(STEP) {
                let step = start..(start + STEP).min(chunk.len());
                let labels = &labels[chunk.start + step.start..chunk.start + step.end];
                room.other_layers::<L>(model, step.clone());
                if wanted.radii {
                    let rows = room.activations[0].chunks_exact(model.parameters.units);
                    for (row, label) in rows.zip(labels) {
                        partition.radii.add(*label, row);
                    }
                }
                let (logits, classes) = room.logits();
                if wanted.logits {
                    partition.logits.extend_from_slice(&logits[..labels.len() * classes]);
                }
                let logits = &mut logits[..labels.len() * classes];
                losses_and_deltas::<L>(logits, labels, classes, scale, &mut partition.loss);
                if wanted.gradient {
                    room.backward::<L>(model, step, &mut partition.gradient);
                }
            }
            if wanted.gradient {
                room.first_layer_gradient::<L>(set, chunk, &mut partition.gradient);
            }
        }
    }
}

/// Computes the logits of one chunk of samples, samples x classes.
pub struct Evaluation<'a> {
    pub model: &'a Model,
    pub samples: &'a SampleLists,
    pub chunk: &'a Range<usize>,
}

impl Kernel for Evaluation<'_> {
    type Output = Vec<Vector>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Vec<Vector> {
        let mut room = Room::new(&self.model.parameters);
        let mut all = Vec::new();
        room.first_layer::<L>(self.model, self.samples, self.chunk);
        for start in (0..self.chunk.len()).step_by(STEP) {
            let step = start..(start + STEP).min(self.chunk.len());
            room.other_layers::<L>(self.model, step.clone());
            let (logits, classes) = room.logits();
            all.extend_from_slice(&logits[..step.len() * classes]);
        }
        all
    }
}

/// Activations and deltas on their way.
struct Room {
    /// Per column group, samples of a chunk x width: sums, activations, then deltas of the first layer.
    first: Vec<Vec<Vector>>,
    /// For each layer, samples of a step x outputs: activations, of the last one logits, then their deltas.
    activations: Vec<Vec<Vector>>,
    /// For each layer but the last, samples of a step x outputs.
    deltas: Vec<Vec<Vector>>,
    /// The first layer's columns of one sample, and one vector more.
    row: Vec<f32>,
}

impl Room {
    fn new(parameters: &Parameters) -> Self {
        let sizes = [parameters.units].into_iter().chain(parameters.rest.iter().map(|layer| layer.outputs));
        let steps: Vec<Vec<Vector>> = sizes.map(|size| vec![Vector::default(); STEP * size]).collect();
        Room {
            first: vec![Vec::new(); parameters.groups.len()],
            deltas: steps[..steps.len() - 1].to_vec(),
            activations: steps,
            row: vec![0.0; (parameters.bias.len() + 1) * LANES],
        }
    }

    /// The logits of a step, and how many per sample.
    fn logits(&mut self) -> (&mut [Vector], usize) {
        let logits = &mut self.activations[self.deltas.len()];
        let classes = logits.len() / STEP;
        (logits, classes)
    }

    /// The first layer of all samples of a chunk, before tanh.
    #[inline(always)]
    fn first_layer<L: Lanes>(&mut self, model: &Model, samples: &SampleLists, chunk: &Range<usize>) {
        let mut bias = model.bias.as_slice();
        for (group, sums) in model.parameters.groups.iter().zip(&mut self.first) {
            sums.resize(chunk.len() * group.width, Vector::default());
            let (of_group, rest) = bias.split_at(group.width);
            fill_rows(of_group, sums);
            bias = rest;
        }
        for (slice, rows) in samples.chunk(chunk) {
            for (group, sums) in model.parameters.groups.iter().zip(&mut self.first) {
                let weight = &group.weight[slice.start * group.width..slice.end * group.width];
                add_rows::<L>(group.width, rows, weight, sums);
            }
        }
    }

    /// tanh of the first layer and all layers behind it, for some samples of the chunk.
    #[inline(always)]
    fn other_layers<L: Lanes>(&mut self, model: &Model, step: Range<usize>) {
        let Parameters { networks, units, groups, rest, .. } = &model.parameters;
        for (activations, sample) in self.activations[0].chunks_exact_mut(*units).zip(step.clone()) {
            let mut row = self.row.chunks_exact_mut(LANES);
            for (group, columns) in groups.iter().zip(&self.first) {
                let columns = &columns[sample * group.width..(sample + 1) * group.width];
                for (column, to) in columns.iter().zip(&mut row) {
                    let mut values = Vector::default();
                    tanh(L::load(column)).store(&mut values);
                    to.copy_from_slice(&values.0);
                }
            }
            for (activation, column) in activations.iter_mut().zip((0..).step_by(*networks)) {
                // Always a whole vector, which is one instruction: idle lanes get what stands behind.
                activation.0.copy_from_slice(&self.row[column..column + LANES]);
            }
        }
        for (i, layer) in rest.iter().enumerate() {
            let (inputs, outputs) = self.activations.split_at_mut(i + 1);
            let outputs = &mut outputs[0][..step.len() * layer.outputs];
            fill_rows(&layer.bias, outputs);
            let inputs = matrix(&inputs[i], layer.inputs);
            add_product::<L, false>(inputs, &layer.weight, layer.outputs, outputs);
            if i + 1 < rest.len() {
                for value in outputs {
                    tanh(L::load(value)).store(value);
                }
            }
        }
    }

    /// From the deltas of the logits back to those of the first layer, which take the place of its sums.
    #[inline(always)]
    fn backward<L: Lanes>(&mut self, model: &Model, step: Range<usize>, gradient: &mut Parameters) {
        let Parameters { networks, units, groups, .. } = &model.parameters;
        for (i, layer) in gradient.rest.iter_mut().enumerate().rev() {
            let (before, behind) = self.deltas.split_at_mut(i + 1);
            let deltas = behind.first().unwrap_or(&self.activations[i + 1]);
            let deltas = &deltas[..step.len() * layer.outputs];
            let inputs = &self.activations[i];
            let by_unit = transpose(inputs, layer.inputs);
            add_product::<L, true>(by_unit, deltas, layer.outputs, &mut layer.weight);
            add_columns::<L>(deltas, &mut layer.bias);
            let to = &mut before[i][..step.len() * layer.inputs];
            to.fill(Vector::default());
            let by_sample = matrix(deltas, layer.outputs);
            add_product::<L, false>(by_sample, &model.transposed[i], layer.inputs, to);
            for (delta, activation) in to.iter_mut().zip(inputs) {
                let activation = L::load(activation);
                let slope = activation.minus_times_plus(activation, L::splat(1.0));
                L::load(delta).times(slope).store(delta);
            }
        }
        for (deltas, sample) in self.deltas[0].chunks_exact(*units).zip(step) {
            for (delta, column) in deltas.iter().zip((0..).step_by(*networks)) {
                // The deltas of idle lanes, overwritten by the next unit, are zero: they have no weights.
                self.row[column..column + LANES].copy_from_slice(&delta.0);
            }
            let mut row = self.row.chunks_exact(LANES);
            for (group, columns) in groups.iter().zip(&mut self.first) {
                let columns = &mut columns[sample * group.width..(sample + 1) * group.width];
                for (column, from) in columns.iter_mut().zip(&mut row) {
                    column.0.copy_from_slice(from);
                }
            }
        }
    }

    /// Adds the gradient of the first layer's bias, and of its weights less what normalisation takes away.
    #[inline(always)]
    fn first_layer_gradient<L: Lanes>(
        &self,
        set: &TrainingSet,
        chunk: &Range<usize>,
        gradient: &mut Parameters,
    ) {
        let mut bias = gradient.bias.as_mut_slice();
        for (group, deltas) in gradient.groups.iter().zip(&self.first) {
            let (of_group, rest) = bias.split_at_mut(group.width);
            add_columns::<L>(deltas, of_group);
            bias = rest;
        }
        for block in blocks(chunk.clone()) {
            let rows = set.block(&block);
            for (group, deltas) in gradient.groups.iter_mut().zip(&self.first) {
                let deltas = &deltas[(block.start - chunk.start) * group.width..];
                add_rows::<L>(group.width, rows, deltas, &mut group.weight);
            }
        }
    }
}
