//! A group's parameters as a pass reads them, and the step that changes them.
//!
//! In: parameters, then gradients of partitions. Out: parameters after the step, with all that is derived from
//! them. With momentum a step follows the gradients of all steps before, each less than the next (Nesterov's, as PyTorch's
//! SGD has it): v = momentum v + g, and the step takes g + momentum v. Normalisation is folded in here: x W = P W - shift colsum(W), where P is what lists hold, goes into the
//! bias once per epoch, and each row of the gradient takes -shift times the bias' gradient. Knows no samples.

use crate::dense::AddColumns;
use crate::instructions::Instructions;
use crate::lanes::{Kernel, LANES, Lanes, Vector};
use crate::parameters::{Dense, Parameters, width};
use crate::pixels::Channel;
use crate::threads::share;

/// Rows of the first layer that a thread takes at a time.
const ROWS: usize = 128;

pub struct Model {
    pub parameters: Parameters,
    /// Of the first layer, in columns, with normalisation folded in.
    pub bias: Vec<Vector>,
    /// The weights of each layer behind the first: a row per output, the inputs in columns.
    pub transposed: Vec<Vec<Vector>>,
    /// What earlier steps have left, in the form of the parameters; none without momentum.
    pub velocity: Option<Parameters>,
}

/// How far a step goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub learning: f32,
    /// What stays of the velocity, in 0..1.
    pub momentum: f32,
}

impl Model {
    pub fn new(parameters: Parameters, channels: &[Channel], instructions: Instructions) -> Self {
        let mut model = Model { parameters, bias: Vec::new(), transposed: Vec::new(), velocity: None };
        model.refresh(channels, instructions);
        model
    }

    fn refresh(&mut self, channels: &[Channel], instructions: Instructions) {
        self.bias.clone_from(&self.parameters.bias);
        instructions.run(Fold { parameters: &self.parameters, channels, bias: &mut self.bias });
        let stride = self.parameters.stride;
        self.transposed = self.parameters.rest.iter().map(|layer| transpose(layer, stride)).collect();
    }

    /// Subtracts from each parameter the learning rate times the sum of the partitions' gradients, or with momentum times
    /// what that and the velocity come to.
    pub fn step(
        &mut self,
        gradients: &[&Parameters],
        rate: Rate,
        channels: &[Channel],
        instructions: Instructions,
        threads: usize,
    ) {
        let Parameters { networks, stride, groups, bias, rest, .. } = &mut self.parameters;
        let mut bias_gradient = vec![Vector::default(); bias.len()];
        instructions.run(Sum {
            parts: gradients.iter().map(|part| part.bias.as_slice()).collect(),
            sum: &mut bias_gradient,
        });
        let (mut of_groups, mut of_rest, of_bias) = match &mut self.velocity {
            Some(Parameters { groups, rest, bias, .. }) => {
                (groups.iter_mut(), rest.iter_mut(), Some(bias.as_mut_slice()))
            }
            None => ([].iter_mut(), [].iter_mut(), None),
        };
        let mut parts = Vec::new();
        let mut start = 0;
        for (i, group) in groups.iter_mut().enumerate() {
            let columns = start..start + group.width;
            start = columns.end;
            let length = ROWS * group.width;
            let mut velocity = of_groups.next().map(|velocity| velocity.weight.chunks_mut(length));
            for (part, weight) in group.weight.chunks_mut(length).enumerate() {
                let velocity = velocity.as_mut().and_then(Iterator::next);
                parts.push((i, part * ROWS, columns.clone(), weight, velocity));
            }
        }
        share(threads, parts.into_iter(), |(group, row, columns, weight, velocity)| {
            let at = row * columns.len();
            let gradients =
                gradients.iter().map(|part| &part.groups[group].weight[at..at + weight.len()]).collect();
            let bias_gradient = &bias_gradient[columns];
            instructions.run(StepRows { gradients, bias_gradient, rate, channels, row, weight, velocity });
        });
        // Columns of no network stay zero.
        let Rate { learning, momentum } = rate;
        let is_network = |lane: usize| lane % *stride < *networks;
        let rates = Vector(std::array::from_fn(|lane| if is_network(lane) { learning } else { 0.0 }));
        for (i, layer) in rest.iter_mut().enumerate() {
            let (weight, bias) = match of_rest.next() {
                Some(Dense { weight, bias, .. }) => (Some(weight.as_mut_slice()), Some(bias.as_mut_slice())),
                None => (None, None),
            };
            let gradient = gradients.iter().map(|part| part.rest[i].weight.as_slice()).collect();
            let values = &mut layer.weight;
            instructions.run(Step { gradients: gradient, rates, momentum, values, velocity: weight });
            let gradient = gradients.iter().map(|part| part.rest[i].bias.as_slice()).collect();
            let values = &mut layer.bias;
            instructions.run(Step { gradients: gradient, rates, momentum, values, velocity: bias });
        }
        let rates = Vector([learning; LANES]);
        let gradients = vec![bias_gradient.as_slice()];
        instructions.run(Step { gradients, rates, momentum, values: bias, velocity: of_bias });
        self.refresh(channels, instructions);
    }
}

fn transpose(layer: &Dense, stride: usize) -> Vec<Vector> {
    let width = width(layer.inputs, stride);
    let mut transposed = vec![Vector::default(); layer.outputs * width];
    for (output, row) in transposed.chunks_exact_mut(width).enumerate() {
        let (vector, lane) = (output * stride / LANES, output * stride % LANES);
        for input in 0..layer.inputs {
            let from = &layer.weight[input * layer.width + vector].0[lane..lane + stride];
            row[input * stride / LANES].0[input * stride % LANES..][..stride].copy_from_slice(from);
        }
    }
    transposed
}

/// Takes from the first layer's bias what normalisation takes from the inputs.
struct Fold<'a> {
    parameters: &'a Parameters,
    channels: &'a [Channel],
    bias: &'a mut [Vector],
}

impl Kernel for Fold<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let mut start = 0;
        for group in &self.parameters.groups {
            let bias = &mut self.bias[start..start + group.width];
            start += group.width;
            for channel in self.channels {
                let rows = channel.pixels.start * group.width..channel.pixels.end * group.width;
                let mut sums = [Vector::default(); crate::parameters::GROUP];
                AddColumns { rows: &group.weight[rows], sums: &mut sums[..group.width] }.run::<L>();
                for (bias, sum) in bias.iter_mut().zip(&sums) {
                    L::load(sum).minus_times_plus(L::splat(channel.shift), L::load(bias)).store(bias);
                }
            }
        }
    }
}

/// Adds up partitions, in order.
struct Sum<'a> {
    parts: Vec<&'a [Vector]>,
    sum: &'a mut [Vector],
}

impl Kernel for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for (i, sum) in self.sum.iter_mut().enumerate() {
            added::<L>(&self.parts, i).store(sum);
        }
    }
}

#[inline(always)]
fn added<L: Lanes>(parts: &[&[Vector]], at: usize) -> L {
    let mut sum = L::load(&parts[0][at]);
    for part in &parts[1..] {
        sum = sum.plus(L::load(&part[at]));
    }
    sum
}

/// The step of any parameters.
struct Step<'a> {
    gradients: Vec<&'a [Vector]>,
    /// Of the columns in a vector, the same for all vectors.
    rates: Vector,
    momentum: f32,
    values: &'a mut [Vector],
    velocity: Option<&'a mut [Vector]>,
}

impl Kernel for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        for (i, value) in self.values.iter_mut().enumerate() {
            let rates = L::load(&self.rates);
            let velocity = self.velocity.as_mut().map(|velocity| &mut velocity[i]);
            let step = along::<L>(velocity, self.momentum, added::<L>(&self.gradients, i));
            step.minus_times_plus(rates, L::load(value)).store(value);
        }
    }
}

/// What a step takes: the gradient, or with momentum the gradient and what is left of the velocity, which it changes.
#[inline(always)]
fn along<L: Lanes>(velocity: Option<&mut Vector>, momentum: f32, gradient: L) -> L {
    let Some(velocity) = velocity else { return gradient };
    let momentum = L::splat(momentum);
    let faster = L::load(velocity).times_plus(momentum, gradient);
    faster.store(velocity);
    faster.times_plus(momentum, gradient)
}

/// The step of some rows of the first layer's weights.
struct StepRows<'a> {
    gradients: Vec<&'a [Vector]>,
    /// Of the columns at hand.
    bias_gradient: &'a [Vector],
    rate: Rate,
    channels: &'a [Channel],
    /// The first row.
    row: usize,
    weight: &'a mut [Vector],
    velocity: Option<&'a mut [Vector]>,
}

impl Kernel for StepRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        let width = self.bias_gradient.len();
        for (i, weights) in self.weight.chunks_exact_mut(width).enumerate() {
            let channel = self.channels.iter().find(|channel| channel.pixels.contains(&(self.row + i)));
            let shift = L::splat(channel.map_or(0.0, |channel| channel.shift));
            for (at, weight) in weights.iter_mut().enumerate() {
                let gradient = added::<L>(&self.gradients, i * width + at);
                let gradient = shift.minus_times_plus(L::load(&self.bias_gradient[at]), gradient);
                let velocity = self.velocity.as_mut().map(|velocity| &mut velocity[i * width + at]);
                let step = along::<L>(velocity, self.rate.momentum, gradient);
                step.minus_times_plus(L::splat(self.rate.learning), L::load(weight)).store(weight);
            }
        }
    }
}
