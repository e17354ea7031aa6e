//! A small set of samples that can be learnt, and plain f64 loops that train on it.

use hspipe_ensemble::init::linear_layers;
use hspipe_ensemble::{Generator, Instructions, Job, Network, Pixels, Schedule, TrainingSet, background};

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
        Job {
            set,
            labels: &self.labels,
            network,
            seeds,
            learning_rate: 0.1,
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

    fn width(&self) -> usize {
        self.area * self.mean.len()
    }
}

/// One network, trained by plain loops in f64.
#[allow(dead_code)]
pub struct Reference<'a> {
    data: &'a Synthetic,
    samples: Vec<Vec<f64>>,
    /// For each layer its weights, outputs x inputs, and biases.
    layers: Vec<(Vec<Vec<f64>>, Vec<f64>)>,
}

#[allow(dead_code)]
impl<'a> Reference<'a> {
    pub fn new(data: &'a Synthetic, network: &Network, seed: u32) -> Self {
        let sizes = [&[data.width()], network.hidden.as_slice(), &[network.classes]].concat();
        let wide = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>();
        let layers = linear_layers(seed, &sizes);
        let layers = layers
            .iter()
            .map(|layer| (layer.weight.chunks(layer.inputs).map(wide).collect(), wide(&layer.bias)));
        let normalised = |(at, byte): (usize, &u8)| {
            let channel = at / data.area;
            (f64::from(*byte) / 255.0 - data.mean[channel]) / (data.variance[channel] + 1e-9).sqrt()
        };
        let samples = data.bytes.chunks(data.width());
        let samples = samples.map(|bytes| bytes.iter().enumerate().map(normalised).collect()).collect();
        Reference { data, samples, layers: layers.collect() }
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
        let n = self.samples.len() as f64;
        let mut next = self.layers.clone();
        let mut loss = 0.0;
        for (sample, label) in self.samples.iter().zip(&self.data.labels) {
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
                    next[i].1[unit] -= rate * delta;
                    for (at, input) in inputs.iter().enumerate() {
                        next[i].0[unit][at] -= rate * delta * input;
                        before[at] += delta * weight[unit][at];
                    }
                }
                deltas = before.iter().zip(inputs).map(|(delta, a)| delta * (1.0 - a * a)).collect();
            }
        }
        self.layers = next;
        loss
    }

    /// samples x classes.
    pub fn logits(&self) -> Vec<f64> {
        self.samples.iter().flat_map(|sample| self.forward(sample).pop().unwrap()).collect()
    }

    /// Per class, of a hidden layer's activations, by the two sums of the definition.
    pub fn radii(&self, latent_layer: usize) -> Vec<f64> {
        let unit = |sample: &Vec<f64>| {
            let latent = self.forward(sample).swap_remove(1 + latent_layer);
            let length = latent.iter().map(|z| z * z).sum::<f64>().sqrt();
            latent.iter().map(|z| z / length).collect::<Vec<f64>>()
        };
        let of_class = |class: usize| {
            let samples = self.samples.iter().zip(&self.data.labels);
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
        (0..self.data.classes).map(of_class).collect()
    }
}
