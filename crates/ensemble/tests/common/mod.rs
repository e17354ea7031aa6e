//! A small set of samples that can be learnt, and plain f64 loops that train on it.

use std::sync::Arc;

use hspipe_ensemble::init::linear_layers;
use hspipe_ensemble::{
    Features, Generator, Instructions, Job, Network, Pixels, Schedule, TrainingSet, background,
};

/// Sparse samples: each class has pixels that are more often inked.
pub struct Synthetic {
    pub bytes: Vec<u8>,
    pub labels: Vec<i32>,
    area: usize,
    classes: usize,
    mean: Vec<f64>,
    variance: Vec<f64>,
    background: Vec<u8>,
}

impl Synthetic {
    #[allow(dead_code)]
    pub fn new(n: usize, area: usize, channels: usize, classes: usize) -> Self {
        let mut generator = Generator::new(n as u32);
        let labels: Vec<i32> = (0..n).map(|_| generator.below(classes as u32) as i32).collect();
        let mut bytes = Vec::new();
        for label in &labels {
            for pixel in 0..area * channels {
                let share = if pixel % classes == *label as usize { 60 } else { 30 };
                let inked = generator.below(100) < share;
                bytes.push(if inked { 1 + generator.below(255) as u8 } else { 0 });
            }
        }
        let mean = (0..channels).map(|channel| 0.2 + 0.1 * channel as f64).collect();
        let variance = (0..channels).map(|channel| 0.09 + 0.05 * channel as f64).collect();
        let background = background(&bytes, area, channels);
        Synthetic { bytes, labels, area, classes, mean, variance, background }
    }

    /// Other samples, with the moments of their own pixels.
    #[allow(dead_code)]
    pub fn of(bytes: Vec<u8>, labels: Vec<i32>, area: usize, channels: usize) -> Self {
        let classes = labels.iter().max().map_or(0, |label| *label as usize + 1);
        let moments = |channel: usize| {
            let planes = bytes.chunks(area).skip(channel).step_by(channels);
            let values: Vec<f64> = planes.flatten().map(|byte| f64::from(*byte) / 255.0).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let squares = values.iter().map(|value| (value - mean) * (value - mean));
            (mean, squares.sum::<f64>() / (values.len() - 1) as f64)
        };
        let (mean, variance) = (0..channels).map(moments).unzip();
        let background = background(&bytes, area, channels);
        Synthetic { bytes, labels, area, classes, mean, variance, background }
    }

    pub fn pixels(&self) -> Pixels<'_> {
        let Synthetic { bytes, labels, area, mean, variance, background, .. } = self;
        Pixels { bytes, n: labels.len(), area: *area, mean, variance, background }
    }

    /// A copy of the samples at some positions.
    #[allow(dead_code)]
    pub fn chosen(&self, positions: &[u32]) -> Self {
        let rows: Vec<&[u8]> = self.bytes.chunks(self.width()).collect();
        Synthetic {
            bytes: positions.iter().flat_map(|at| rows[*at as usize].to_vec()).collect(),
            labels: positions.iter().map(|at| self.labels[*at as usize]).collect(),
            mean: self.mean.clone(),
            variance: self.variance.clone(),
            background: self.background.clone(),
            ..*self
        }
    }

    pub fn network(&self, hidden: &[usize]) -> Network {
        Network { hidden: hidden.to_vec(), classes: self.classes }
    }

    /// Twenty epochs on one thread with the fastest instructions.
    pub fn job<'a>(&'a self, set: &'a TrainingSet, network: &'a Network, seeds: &'a [u32]) -> Job<'a> {
        job(set, &self.labels, network, seeds)
    }

    /// What networks see: for each sample its values.
    #[allow(dead_code)]
    pub fn normalised(&self) -> Vec<Vec<f64>> {
        let value = |(at, byte): (usize, &u8)| {
            let channel = at / self.area;
            (f64::from(*byte) / 255.0 - self.mean[channel]) / (self.variance[channel] + 1e-9).sqrt()
        };
        let samples = self.bytes.chunks(self.width());
        samples.map(|bytes| bytes.iter().enumerate().map(value).collect()).collect()
    }

    fn width(&self) -> usize {
        self.area * self.mean.len()
    }
}

/// Twenty epochs on one thread with the fastest instructions.
pub fn job<'a>(set: &'a TrainingSet, labels: &'a [i32], network: &'a Network, seeds: &'a [u32]) -> Job<'a> {
    Job {
        set,
        labels,
        network,
        seeds,
        bags: &[],
        learning_rate: 0.1,
        momentum: 0.0,
        schedule: Schedule::Epochs { epochs: 20, radii_from: None },
        latent_layer: 0,
        dynamics: false,
        evaluate: None,
        states: &[],
        keeper: None,
        threads: 1,
        instructions: Instructions::detect(),
    }
}

/// Features that can be learnt: each class has some that are greater. All of about mean 0 and variance 1.
pub struct Numbers {
    pub values: Arc<Vec<f32>>,
    pub labels: Vec<i32>,
    pub width: usize,
    classes: usize,
}

#[allow(dead_code)]
impl Numbers {
    pub fn new(n: usize, width: usize, classes: usize) -> Self {
        let mut generator = Generator::new(width as u32);
        let labels: Vec<i32> = (0..n).map(|_| generator.below(classes as u32) as i32).collect();
        let mut values = Vec::with_capacity(n * width);
        for label in &labels {
            for feature in 0..width {
                let shift = if feature % classes == *label as usize { 0.4 } else { -0.2 };
                values.push(shift + generator.uniform(-1.5, 1.5));
            }
        }
        Numbers { values: Arc::new(values), labels, width, classes }
    }

    pub fn features(&self) -> Features<'_> {
        Features { values: &self.values, n: self.labels.len(), width: self.width }
    }

    pub fn network(&self, hidden: &[usize]) -> Network {
        Network { hidden: hidden.to_vec(), classes: self.classes }
    }

    pub fn wide(&self) -> Vec<Vec<f64>> {
        let rows = self.values.chunks(self.width);
        rows.map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect()
    }
}

/// One network, trained by plain loops in f64.
#[allow(dead_code)]
pub struct Reference<'a> {
    samples: Vec<Vec<f64>>,
    labels: &'a [i32],
    classes: usize,
    layers: Vec<Layer64>,
    /// Of each parameter what momentum keeps.
    velocity: Vec<Layer64>,
}

/// Weights, outputs x inputs, and biases.
type Layer64 = (Vec<Vec<f64>>, Vec<f64>);

#[allow(dead_code)]
fn zeros(layers: &[Layer64]) -> Vec<Layer64> {
    let of = |(weight, bias): &Layer64| {
        (weight.iter().map(|row| vec![0.0; row.len()]).collect(), vec![0.0; bias.len()])
    };
    layers.iter().map(of).collect()
}

#[allow(dead_code)]
fn values((weight, bias): &mut Layer64) -> impl Iterator<Item = &mut f64> {
    weight.iter_mut().flatten().chain(bias)
}

#[allow(dead_code)]
impl<'a> Reference<'a> {
    pub fn new(data: &'a Synthetic, network: &Network, seed: u32) -> Self {
        Self::of(data.normalised(), &data.labels, network, seed)
    }

    pub fn of(samples: Vec<Vec<f64>>, labels: &'a [i32], network: &Network, seed: u32) -> Self {
        let wide = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>();
        let layers = linear_layers(seed, &network.sizes(samples[0].len()));
        let layers = layers
            .iter()
            .map(|layer| (layer.weight.chunks(layer.inputs).map(wide).collect(), wide(&layer.bias)));
        let layers: Vec<Layer64> = layers.collect();
        Reference { samples, labels, classes: network.classes, velocity: zeros(&layers), layers }
    }

    pub fn parameter(&mut self, layer: usize, bias: bool, at: usize) -> &mut f64 {
        let (weight, biases) = &mut self.layers[layer];
        let inputs = weight[0].len();
        if bias { &mut biases[at] } else { &mut weight[at / inputs][at % inputs] }
    }

    /// The sample itself and the outputs of every layer.
    fn forward(&self, sample: &[f64]) -> Vec<Vec<f64>> {
        let mut outputs = vec![sample.to_vec()];
        for (i, (weight, bias)) in self.layers.iter().enumerate() {
            let inputs = outputs.last().unwrap();
            let sums = weight.iter().zip(bias).map(|(row, bias)| {
                let sum = row.iter().zip(inputs).map(|(w, x)| w * x).sum::<f64>() + bias;
                if i + 1 < self.layers.len() { sum.tanh() } else { sum }
            });
            let sums = sums.collect();
            outputs.push(sums);
        }
        outputs
    }

    /// Takes one step and returns the mean loss before it.
    pub fn step(&mut self, rate: f64) -> f64 {
        self.step_on(rate, 0.0)
    }

    /// The same with momentum, as PyTorch's SGD(momentum=..., nesterov=True) takes it.
    pub fn step_on(&mut self, rate: f64, momentum: f64) -> f64 {
        self.step_on_some(0..self.samples.len(), rate, momentum)
    }

    /// The same on some of the samples.
    pub fn step_on_some(&mut self, some: std::ops::Range<usize>, rate: f64, momentum: f64) -> f64 {
        let n = some.len() as f64;
        let mut gradient = zeros(&self.layers);
        let mut loss = 0.0;
        for (sample, label) in self.samples[some.clone()].iter().zip(&self.labels[some]) {
            let outputs = self.forward(sample);
            let logits = &outputs[self.layers.len()];
            let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
            loss += (sum.ln() - logits[*label as usize]) / n;
            let mut deltas: Vec<f64> = logits.iter().map(|logit| logit.exp() / sum / n).collect();
            deltas[*label as usize] -= 1.0 / n;
            for (i, (weight, _)) in self.layers.iter().enumerate().rev() {
                let inputs = &outputs[i];
                let mut before = vec![0.0; inputs.len()];
                for (unit, delta) in deltas.iter().enumerate() {
                    gradient[i].1[unit] += delta;
                    for (at, input) in inputs.iter().enumerate() {
                        gradient[i].0[unit][at] += delta * input;
                        before[at] += delta * weight[unit][at];
                    }
                }
                deltas = before.iter().zip(inputs).map(|(delta, a)| delta * (1.0 - a * a)).collect();
            }
        }
        let velocities = self.velocity.iter_mut().flat_map(values);
        let steps = velocities.zip(gradient.iter_mut().flat_map(values));
        for (value, (velocity, gradient)) in self.layers.iter_mut().flat_map(values).zip(steps) {
            *velocity = momentum * *velocity + *gradient;
            *value -= rate * (*gradient + momentum * *velocity);
        }
        loss
    }

    /// samples x classes.
    pub fn logits(&self) -> Vec<f64> {
        self.logits_of(&self.samples)
    }

    /// Of other samples.
    pub fn logits_of(&self, samples: &[Vec<f64>]) -> Vec<f64> {
        samples.iter().flat_map(|sample| self.forward(sample).pop().unwrap()).collect()
    }

    /// Per class, of a hidden layer's activations, by the two sums of the definition.
    pub fn radii(&self, latent_layer: usize) -> Vec<f64> {
        let unit = |sample: &Vec<f64>| {
            let latent = self.forward(sample).swap_remove(1 + latent_layer);
            let length = latent.iter().map(|z| z * z).sum::<f64>().sqrt();
            latent.iter().map(|z| z / length).collect::<Vec<f64>>()
        };
        let of_class = |class: usize| {
            let samples = self.samples.iter().zip(self.labels);
            let units: Vec<_> =
                samples.filter(|(_, l)| **l as usize == class).map(|(s, _)| unit(s)).collect();
            let count = units.len() as f64;
            let mean: Vec<f64> = (0..units[0].len())
                .map(|at| units.iter().map(|unit| unit[at]).sum::<f64>() / count)
                .collect();
            let distance =
                |unit: &Vec<f64>| unit.iter().zip(&mean).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
            (units.iter().map(distance).sum::<f64>() / count).sqrt()
        };
        (0..self.classes).map(of_class).collect()
    }
}
